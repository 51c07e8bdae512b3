//! Quotas: what is refused beyond them, what gives room again, and who sets them.

use std::collections::{HashMap, HashSet};

use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::cluster::v1::quota_setting::Figure;
use archipelago_proto::cluster::v1::{Quota, QuotaSetting, QuotasRequest, QuotasResponse};
use archipelago_proto::{Ec2Error, Ec2Result};
use archipelago_region_node::quotas::{Profile, Setting, find};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use futures::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::plain::call;
use crate::support::{Sandbox, copy_folder, folder, launch};

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

/// A quota, and what takes a place in it (see `quotas.toml`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    quota: String,
    #[serde(default)]
    classic: bool,
    #[serde(default)]
    realistic: bool,
    #[serde(default)]
    before: Vec<String>,
    takes: Vec<String>,
    frees: String,
}

/// An account that takes steps.
struct World<'a> {
    sandbox: &'a Sandbox,
    account: String,
    known: HashMap<String, String>,
    number: u32,
}

impl<'a> World<'a> {
    fn new(sandbox: &'a Sandbox, account: &str, image: &str) -> Self {
        let known = [("account", account), ("image", image), ("$Latest", "$Latest")];
        let known = known.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { sandbox, account: account.to_owned(), known, number: 10 }
    }

    async fn step(&mut self, step: &str) -> Ec2Result<()> {
        let (step, path) = step.split_once(" -> ").unwrap_or((step, ""));
        let (head, input) = step.split_once(' ').unwrap();
        let (name, action, input) = match head.strip_suffix(':') {
            Some(name) => input.split_once(' ').map(|(action, input)| (name, action, input)).unwrap(),
            None => ("", head, input),
        };
        if action == "Advance" {
            self.sandbox.region.advance(input.parse::<i64>().unwrap() * 1000).await;
            return Ok(());
        }
        if input.contains('#') {
            self.number += 1;
            self.known.insert("n".into(), self.number.to_string());
        }
        let mut input = input.replace('#', &self.number.to_string());
        let mut names: Vec<_> = self.known.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, value) in names {
            input = input.replace(&format!("${name}"), value);
        }
        let answer = call(self.sandbox, &self.account, action, &serde_json::from_str(&input).unwrap()).await?;
        refused_in(&answer)?;
        if !name.is_empty() {
            let found = path.split('.').fold(&answer, |found, part| match part.parse::<usize>() {
                Ok(place) => &found[place],
                Err(_) => &found[part],
            });
            let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            assert_ne!(found, "null", "{action}: {answer}");
            self.known.insert(name.to_owned(), found);
        }
        Ok(())
    }

    async fn steps(&mut self, steps: &[String]) -> Ec2Result<()> {
        for step in steps {
            self.step(step).await?;
        }
        Ok(())
    }
}

/// Some actions tell what they refuse in their answer.
fn refused_in(answer: &Value) -> Ec2Result<()> {
    let item = &answer["unsuccessful"][0];
    let errors = [&item["error"], &item["fast_snapshot_restore_state_errors"][0]["error"]];
    match errors.into_iter().find_map(|error| Some((error["code"].as_str()?, error["message"].as_str()?))) {
        Some((code, message)) => Err(Ec2Error::new(code, message)),
        None => Ok(()),
    }
}

async fn ask(sandbox: &Sandbox, request: QuotasRequest) -> Ec2Result<QuotasResponse> {
    let mut operator = AdminClient::new(sandbox.channel.clone());
    Ok(operator.quotas(sandbox.ask(request)).await?.into_inner())
}

async fn limit(sandbox: &Sandbox, account: &str, name: &str, limit: u64) -> Quota {
    let setting = QuotaSetting { account: account.into(), name: name.into(), figure: Some(Figure::Limit(limit)) };
    let request =
        QuotasRequest { settings: vec![setting], account: account.into(), name: name.into(), ..Default::default() };
    ask(sandbox, request).await.unwrap().quotas.remove(0)
}

/// As it is shown for an account.
async fn quota(sandbox: &Sandbox, account: &str, name: &str) -> Quota {
    let request = QuotasRequest { account: account.into(), name: name.into(), ..Default::default() };
    ask(sandbox, request).await.unwrap().quotas.remove(0)
}

/// What is used of it where most is, which is a whole number here.
fn most(quota: &Quota) -> u64 {
    quota.used.first().map_or(0, |known| whole(known.used))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(figure: f64) -> u64 {
    figure as u64
}

const ACCOUNT: &str = "000000000000";

async fn ok(sandbox: &Sandbox, action: &str, input: Value) -> Value {
    call(sandbox, ACCOUNT, action, &input).await.unwrap_or_else(|error| panic!("{action}: {error}"))
}

async fn refused(sandbox: &Sandbox, action: &str, input: Value) -> Ec2Error {
    call(sandbox, ACCOUNT, action, &input).await.expect_err(action)
}

async fn vpc(sandbox: &Sandbox) -> Result<String, String> {
    let made = call(sandbox, ACCOUNT, "CreateVpc", &json!({ "cidr_block": "10.0.0.0/16" })).await;
    made.map(|made| made["vpc"]["vpc_id"].as_str().unwrap().to_owned()).map_err(|error| error.code)
}

async fn run(sandbox: &Sandbox, instance_type: &str, count: u32) -> Result<Vec<String>, Ec2Error> {
    let image = launch::image(sandbox).await;
    let input = json!({ "image_id": image, "instance_type": instance_type, "min_count": count, "max_count": count });
    let made = call(sandbox, ACCOUNT, "RunInstances", &input).await?;
    let ids =
        made["instances"].as_array().unwrap().iter().map(|known| known["instance_id"].as_str().unwrap().to_owned());
    Ok(ids.collect())
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/grpc/quotas.toml"));
    toml::from_str::<Cases>(&text.unwrap()).unwrap().case
}

/// What has grown, and how much it is now.
fn grown(before: &Quota, after: &Quota) -> Option<u64> {
    let known = |parent: &str| before.used.iter().find(|known| known.parent == parent).map_or(0.0, |known| known.used);
    after.used.iter().find(|now| now.used > known(&now.parent)).map(|now| whole(now.used))
}

/// Goes through a case; says what is wrong.
async fn check(case: &Case, sandbox: &Sandbox, account: &str, image: &str) -> Result<(), String> {
    let name = case.quota.as_str();
    if case.classic {
        sandbox.region.platforms.add_classic(account);
    }
    let mut world = World::new(sandbox, account, image);
    let wrong = |when: &'static str| move |error: Ec2Error| format!("{name}, {when}: {error}");
    world.steps(&case.before).await.map_err(wrong("before"))?;
    let none = quota(sandbox, account, name).await;
    world.steps(&case.takes).await.map_err(wrong("taking"))?;
    let counted = quota(sandbox, account, name).await;
    let most = grown(&none, &counted).ok_or_else(|| format!("{name} is not counted"))?;
    let shown = limit(sandbox, account, name, most).await;
    if shown.used != counted.used {
        return Err(format!("{name}: the ledger does not know what was there before it"));
    }

    let (last, rest) = case.takes.split_last().unwrap();
    let known = ["new", "n"].map(|name| (name, world.known.get(name).cloned()));
    world.steps(rest).await.map_err(wrong("going on"))?;
    let refused = match world.step(last).await {
        Ok(()) => return Err(format!("{name}: nothing is refused beyond {most}")),
        Err(refused) => refused,
    };
    if (refused.code.as_str(), refused.http_status().as_u16()) != (&find(name).unwrap().code, 400) {
        return Err(wrong("refused")(refused));
    }
    if quota(sandbox, account, name).await.used != counted.used {
        return Err(format!("{name}: something is left of what was refused"));
    }
    world.known.extend(known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    world.step(&case.frees).await.map_err(wrong("freeing"))?;
    world.steps(rest).await.map_err(wrong("again"))?;
    if rest.is_empty() && last.contains('#') {
        // The same once more: neither its name nor anything else of it was kept.
        world.number -= 1;
    }
    world.step(last).await.map_err(wrong("with room again"))
}

async fn check_all(wanted: impl Fn(&Case) -> bool, lifecycle: Lifecycle) {
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let image = launch::image(&sandbox).await;
    let mut wrong = Vec::new();
    for (number, case) in cases().iter().enumerate().filter(|(_, case)| wanted(case)) {
        wrong.extend(check(case, &sandbox, &format!("{number:012}"), &image).await.err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn each_quota_refuses_what_is_beyond_it_until_something_goes() {
    check_all(|case| !case.realistic, Lifecycle::instant()).await;
}

#[tokio::test]
async fn what_is_under_way_counts_until_it_is_done() {
    check_all(|case| case.realistic, Lifecycle::realistic()).await;
}

/// Those that hold for one resource or one request, which are tried by themselves.
const OTHERS: [&str; 4] = [
    "security-groups-per-interface",
    "security-groups-per-instance",
    "instances-per-request",
    "spot-instances-per-request",
];

#[tokio::test]
async fn no_quota_goes_untried() {
    let sandbox = Sandbox::new().await;
    let cases = cases();
    let tried: HashSet<_> = cases.iter().map(|case| case.quota.as_str()).chain(OTHERS).collect();
    let all = ask(&sandbox, QuotasRequest::default()).await.unwrap().quotas;
    let untried: Vec<_> = all.iter().map(|quota| quota.name.as_str()).filter(|name| !tried.contains(name)).collect();
    assert!(untried.is_empty(), "{untried:?}");
    assert!(all.iter().all(|quota| quota.limit.is_none()), "nothing is enforced unless somebody says so");
}

#[tokio::test]
async fn of_many_who_want_the_last_place_one_has_it() {
    let sandbox = Sandbox::new().await;
    let first = vpc(&sandbox).await.unwrap();
    limit(&sandbox, "", "vpcs", 3).await;
    let answers = join_all((0..16).map(|_| vpc(&sandbox))).await;
    let (had, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((had.len(), refused.len()), (1, 15));
    assert!(refused.iter().all(|refused| refused.as_ref().unwrap_err() == "VpcLimitExceeded"));
    ok(&sandbox, "DeleteVpc", json!({ "vpc_id": first })).await;
    let answers = join_all((0..4).map(|_| vpc(&sandbox))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(most(&quota(&sandbox, ACCOUNT, "vpcs").await), 3);
}

#[tokio::test]
async fn rules_that_are_added_at_the_same_time_do_not_go_beyond_the_quota() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox).await.unwrap();
    let input = json!({ "vpc_id": vpc, "group_name": "g", "description": "d" });
    let group = ok(&sandbox, "CreateSecurityGroup", input).await["group_id"].clone();
    limit(&sandbox, "", "inbound-rules-per-security-group", 10).await;
    let authorize = |number: usize| {
        let ports = [number, number + 100].map(|port| {
            json!({ "ip_protocol": "tcp", "from_port": port, "to_port": port, "ip_ranges": [{ "cidr_ip": "10.0.0.0/8" }] })
        });
        let input = json!({ "group_id": group, "ip_permissions": ports });
        let sandbox = &sandbox;
        async move { call(sandbox, ACCOUNT, "AuthorizeSecurityGroupIngress", &input).await }
    };
    let answers = join_all((1..=9).map(authorize)).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 5);
    let refused = answers.into_iter().find_map(Result::err).unwrap();
    assert_eq!(refused.code, "RulesPerSecurityGroupLimitExceeded");
    let ipv6 = json!({
        "group_id": group,
        "ip_permissions": [{ "ip_protocol": "tcp", "from_port": 1, "to_port": 1, "ipv6_ranges": [{ "cidr_ipv6": "::/0" }] }],
    });
    ok(&sandbox, "AuthorizeSecurityGroupIngress", ipv6).await;
}

#[tokio::test]
async fn a_creation_that_fails_gives_its_place_back() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox).await.unwrap();
    limit(&sandbox, "", "subnets-per-vpc", 2).await;
    let subnet = |block: &str| json!({ "vpc_id": vpc, "cidr_block": block });
    ok(&sandbox, "CreateSubnet", subnet("10.0.0.0/24")).await;
    for _ in 0..3 {
        let refused = refused(&sandbox, "CreateSubnet", subnet("10.0.0.0/25")).await;
        assert_eq!(refused.code, "InvalidSubnet.Conflict");
    }
    ok(&sandbox, "CreateSubnet", subnet("10.0.1.0/24")).await;
    let refused = refused(&sandbox, "CreateSubnet", subnet("10.0.2.0/24")).await;
    assert_eq!(refused.code, "SubnetLimitExceeded");
    // The block that the refused one would have had is free.
    limit(&sandbox, "", "subnets-per-vpc", 3).await;
    ok(&sandbox, "CreateSubnet", subnet("10.0.2.0/24")).await;
}

#[tokio::test]
async fn a_refused_launch_leaves_nothing_behind() {
    let sandbox = Sandbox::new().await;
    limit(&sandbox, "", "on-demand-standard-vcpus", 8).await;
    let refused = run(&sandbox, "t3.micro", 5).await.unwrap_err();
    assert_eq!(refused.code, "VcpuLimitExceeded");
    assert!(refused.message.contains("current vCPU limit of 8 allows"), "{}", refused.message);
    for name in ["network-interfaces", "gp3-storage", "gp2-storage", "on-demand-standard-vcpus"] {
        assert_eq!(most(&quota(&sandbox, ACCOUNT, name).await), 0, "{name}");
    }
    assert_eq!(run(&sandbox, "t3.micro", 4).await.unwrap().len(), 4);
    limit(&sandbox, "", "instances", 5).await;
    limit(&sandbox, "", "on-demand-standard-vcpus", 100).await;
    let refused = run(&sandbox, "t3.micro", 2).await.unwrap_err();
    let message = "You have requested more instances (6) than your current instance limit of 5 allows for the specified \
                   instance type.";
    assert!(refused.code == "InstanceLimitExceeded" && refused.message.starts_with(message), "{refused}");
}

#[tokio::test]
async fn stopped_instances_do_not_count_and_need_room_to_start() {
    let sandbox = Sandbox::new().await;
    limit(&sandbox, "", "on-demand-standard-vcpus", 4).await;
    let ids = run(&sandbox, "t3.micro", 2).await.unwrap();
    ok(&sandbox, "StopInstances", json!({ "instance_ids": [ids[0]] })).await;
    let other = run(&sandbox, "t3.micro", 1).await.unwrap().remove(0);
    let start = json!({ "instance_ids": [ids[0]] });
    assert_eq!(refused(&sandbox, "StartInstances", start.clone()).await.code, "VcpuLimitExceeded");
    ok(&sandbox, "TerminateInstances", json!({ "instance_ids": [other] })).await;
    ok(&sandbox, "StartInstances", start).await;
    let bigger = json!({ "instance_id": ids[1], "instance_type": { "value": "m5.xlarge" } });
    ok(&sandbox, "StopInstances", json!({ "instance_ids": [ids[1]] })).await;
    ok(&sandbox, "ModifyInstanceAttribute", bigger).await;
    let start = json!({ "instance_ids": [ids[1]] });
    assert_eq!(refused(&sandbox, "StartInstances", start).await.code, "VcpuLimitExceeded");
}

#[tokio::test]
async fn instances_in_a_reservation_count_once() {
    let sandbox = Sandbox::new().await;
    limit(&sandbox, "", "on-demand-standard-vcpus", 6).await;
    let reserve = |count| {
        json!({
            "instance_type": "t3.micro", "instance_platform": "Linux/UNIX", "availability_zone": "us-east-1a",
            "instance_count": count,
        })
    };
    let refused = refused(&sandbox, "CreateCapacityReservation", reserve(4)).await;
    assert_eq!(refused.code, "VcpuLimitExceeded");
    let made = ok(&sandbox, "CreateCapacityReservation", reserve(2)).await;
    let reservation = &made["capacity_reservation"]["capacity_reservation_id"];
    let image = launch::image(&sandbox).await;
    let run = |count| {
        json!({
            "image_id": image, "instance_type": "t3.micro", "min_count": count, "max_count": count,
            "placement": { "availability_zone": "us-east-1a" },
        })
    };
    ok(&sandbox, "RunInstances", run(3)).await;
    assert_eq!(most(&quota(&sandbox, ACCOUNT, "on-demand-standard-vcpus").await), 6);
    ok(&sandbox, "CancelCapacityReservation", json!({ "capacity_reservation_id": reservation })).await;
    let used = most(&quota(&sandbox, ACCOUNT, "on-demand-standard-vcpus").await);
    assert_eq!(used, 6, "they run on by themselves");
}

#[tokio::test]
async fn a_spot_request_hands_its_place_to_its_instance() {
    let sandbox = Sandbox::new().await;
    limit(&sandbox, "", "spot-standard-vcpus", 4).await;
    let image = launch::image(&sandbox).await;
    let request = |count: u32| {
        json!({
            "instance_count": count,
            "launch_specification": { "image_id": image, "instance_type": "t3.micro" },
        })
    };
    let refusal = refused(&sandbox, "RequestSpotInstances", request(3)).await;
    assert_eq!(refusal, Ec2Error::new("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded"));
    ok(&sandbox, "RequestSpotInstances", request(2)).await;
    sandbox.region.advance(60_000).await;
    let known = ok(&sandbox, "DescribeSpotInstanceRequests", json!({})).await;
    let states: Vec<_> =
        known["spot_instance_requests"].as_array().unwrap().iter().map(|known| known["state"].clone()).collect();
    assert_eq!(states, ["active", "active"]);
    assert_eq!(most(&quota(&sandbox, ACCOUNT, "spot-standard-vcpus").await), 4);
    let refused = refused(&sandbox, "RequestSpotInstances", request(3001)).await;
    assert_eq!(refused.code, "MaxSpotInstanceCountExceeded", "where nothing is said, any number may be asked for");
}

#[tokio::test]
async fn one_request_may_ask_for_so_much() {
    let sandbox = Sandbox::new().await;
    sandbox.region.shell.quotas.configure(&sandbox.region.shell, Profile::Aws, []);
    let image = launch::image(&sandbox).await;
    let spot = json!({
        "instance_count": 3001, "launch_specification": { "image_id": image, "instance_type": "t3.micro" },
    });
    assert_eq!(refused(&sandbox, "RequestSpotInstances", spot).await.code, "RequestResourceCountExceeded");
    limit(&sandbox, "", "instances-per-request", 3).await;
    assert_eq!(run(&sandbox, "t3.micro", 4).await.unwrap_err().code, "ResourceCountExceeded");
    assert_eq!(run(&sandbox, "t3.micro", 2).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_interface_and_an_instance_of_ec2_classic_have_so_many_groups() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox).await.unwrap();
    let subnet = ok(&sandbox, "CreateSubnet", json!({ "vpc_id": vpc, "cidr_block": "10.0.0.0/24" })).await;
    let subnet = &subnet["subnet"]["subnet_id"];
    let mut groups = Vec::new();
    for name in ["a", "b", "c"] {
        let input = json!({ "vpc_id": vpc, "group_name": name, "description": "d" });
        groups.push(ok(&sandbox, "CreateSecurityGroup", input).await["group_id"].clone());
    }
    limit(&sandbox, "", "security-groups-per-interface", 2).await;
    let interface = |groups: &[Value]| json!({ "subnet_id": subnet, "groups": groups });
    let refusal = refused(&sandbox, "CreateNetworkInterface", interface(&groups)).await;
    assert_eq!(refusal.code, "SecurityGroupsPerInterfaceLimitExceeded");
    let made = ok(&sandbox, "CreateNetworkInterface", interface(&groups[..2])).await;
    let modify = json!({
        "network_interface_id": made["network_interface"]["network_interface_id"], "groups": groups,
    });
    let refusal = refused(&sandbox, "ModifyNetworkInterfaceAttribute", modify).await;
    assert_eq!(refusal.code, "SecurityGroupsPerInterfaceLimitExceeded");

    let classic = "210987654321";
    sandbox.region.platforms.add_classic(classic);
    limit(&sandbox, classic, "security-groups-per-instance", 1).await;
    let image = launch::image(&sandbox).await;
    for name in ["a", "b"] {
        let input = json!({ "group_name": name, "description": "d" });
        call(&sandbox, classic, "CreateSecurityGroup", &input).await.unwrap();
    }
    let launch = |groups: &[&str]| {
        json!({
            "image_id": image, "instance_type": "t1.micro", "min_count": 1, "max_count": 1, "security_groups": groups,
        })
    };
    let refused = call(&sandbox, classic, "RunInstances", &launch(&["a", "b"])).await.unwrap_err();
    assert_eq!(refused.code, "SecurityGroupsPerInstanceLimitExceeded");
    call(&sandbox, classic, "RunInstances", &launch(&["a"])).await.unwrap();
}

#[tokio::test]
async fn a_volume_that_is_modified_needs_room_for_what_it_becomes() {
    let sandbox = Sandbox::with(Lifecycle::realistic(), Store::Memory).await;
    let input = json!({ "availability_zone": "us-east-1a", "volume_type": "gp2", "size": 1024 });
    let volume = ok(&sandbox, "CreateVolume", input).await["volume_id"].clone();
    sandbox.region.advance(3_600_000).await;
    for name in ["gp2-storage", "gp3-storage"] {
        limit(&sandbox, "", name, 1).await;
    }
    let modify = |kind: &str, size: u32| json!({ "volume_id": volume, "volume_type": kind, "size": size });
    let refused = refused(&sandbox, "ModifyVolume", modify("gp2", 1025)).await;
    let message = "You have exceeded your maximum gp2 storage limit of 1 TiB in this region. Please contact AWS Support \
                   to request an Elastic Block Store service limit increase.";
    assert_eq!(refused, Ec2Error::new("VolumeLimitExceeded", message));
    ok(&sandbox, "ModifyVolume", modify("gp3", 1024)).await;
    assert_eq!(most(&quota(&sandbox, ACCOUNT, "gp2-storage").await), 0);
    assert_eq!(most(&quota(&sandbox, ACCOUNT, "gp3-storage").await), 1);
}

#[tokio::test]
async fn the_accepter_of_a_peering_has_a_quota_of_its_own() {
    let sandbox = Sandbox::new().await;
    let (other, own) = ("111111111111", vpc(&sandbox).await.unwrap());
    let theirs = call(&sandbox, other, "CreateVpc", &json!({ "cidr_block": "10.9.0.0/16" })).await.unwrap();
    let theirs = &theirs["vpc"]["vpc_id"];
    let ask = json!({ "vpc_id": own, "peer_vpc_id": theirs, "peer_owner_id": other });
    let made = ok(&sandbox, "CreateVpcPeeringConnection", ask).await;
    let accept = json!({ "vpc_peering_connection_id": made["vpc_peering_connection"]["vpc_peering_connection_id"] });
    limit(&sandbox, other, "active-peerings-per-vpc", 0).await;
    let refused = call(&sandbox, other, "AcceptVpcPeeringConnection", &accept).await.unwrap_err();
    assert_eq!(refused.code, "ActiveVpcPeeringConnectionPerVpcLimitExceeded");
    assert!(refused.message.contains(theirs.as_str().unwrap()), "{refused}");
    assert_eq!(most(&quota(&sandbox, ACCOUNT, "outstanding-peerings-per-vpc").await), 1);
    limit(&sandbox, other, "active-peerings-per-vpc", 1).await;
    call(&sandbox, other, "AcceptVpcPeeringConnection", &accept).await.unwrap();
    for account in [ACCOUNT, other] {
        assert_eq!(most(&quota(&sandbox, account, "active-peerings-per-vpc").await), 1, "{account}");
    }
}

#[tokio::test]
async fn a_rule_about_a_prefix_list_counts_as_many_as_the_list_may_have() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox).await.unwrap();
    let input = json!({ "vpc_id": vpc, "group_name": "g", "description": "d" });
    let group = ok(&sandbox, "CreateSecurityGroup", input).await["group_id"].clone();
    let input = json!({ "prefix_list_name": "list", "max_entries": 8, "address_family": "IPv4" });
    let list = ok(&sandbox, "CreateManagedPrefixList", input).await["prefix_list"]["prefix_list_id"].clone();
    let rule = |peer: Value| {
        let mut permission = json!({ "ip_protocol": "tcp", "from_port": 1, "to_port": 1 });
        permission.as_object_mut().unwrap().extend(peer.as_object().unwrap().clone());
        json!({ "group_id": group, "ip_permissions": [permission] })
    };
    limit(&sandbox, "", "inbound-rules-per-security-group", 9).await;
    let lists = rule(json!({ "prefix_list_ids": [{ "prefix_list_id": list }] }));
    ok(&sandbox, "AuthorizeSecurityGroupIngress", lists).await;
    let block = |block: &str| rule(json!({ "ip_ranges": [{ "cidr_ip": block }] }));
    ok(&sandbox, "AuthorizeSecurityGroupIngress", block("10.0.0.0/8")).await;
    let refused = refused(&sandbox, "AuthorizeSecurityGroupIngress", block("10.1.0.0/16")).await;
    assert_eq!(refused.code, "RulesPerSecurityGroupLimitExceeded");
}

#[tokio::test]
async fn what_an_account_is_given_is_never_refused_and_counts() {
    let sandbox = Sandbox::new().await;
    limit(&sandbox, "", "vpcs", 0).await;
    let known = ok(&sandbox, "DescribeVpcs", json!({})).await;
    assert_eq!(known["vpcs"].as_array().unwrap().len(), 1, "the default VPC");
    assert_eq!(most(&quota(&sandbox, ACCOUNT, "vpcs").await), 1);
    assert_eq!(vpc(&sandbox).await, Err("VpcLimitExceeded".to_owned()));
    limit(&sandbox, ACCOUNT, "vpcs", 2).await;
    vpc(&sandbox).await.unwrap();
}

#[tokio::test]
async fn a_figure_of_an_account_counts_before_that_of_all_until_it_is_taken_back() {
    let sandbox = Sandbox::new().await;
    let configured = Setting { account: None, quota: "addresses".into(), limit: Some(1) };
    sandbox.region.shell.quotas.configure(&sandbox.region.shell, Profile::Off, [configured]);
    let allocate =
        || async { call(&sandbox, ACCOUNT, "AllocateAddress", &json!({})).await.map_err(|error| error.code) };
    allocate().await.unwrap();
    assert_eq!(allocate().await.unwrap_err(), "AddressLimitExceeded");
    limit(&sandbox, ACCOUNT, "addresses", 2).await;
    allocate().await.unwrap();
    let back = QuotaSetting { account: ACCOUNT.into(), name: "addresses".into(), figure: None };
    let known = ask(&sandbox, QuotasRequest { settings: vec![back], ..Default::default() }).await.unwrap();
    assert!(known.settings.is_empty());
    assert_eq!(allocate().await.unwrap_err(), "AddressLimitExceeded", "those that are there stay");
    let unlimited =
        QuotaSetting { account: String::new(), name: "addresses".into(), figure: Some(Figure::Unlimited(true)) };
    ask(&sandbox, QuotasRequest { settings: vec![unlimited], ..Default::default() }).await.unwrap();
    allocate().await.unwrap();
    ask(&sandbox, QuotasRequest { clear: true, profile: "aws".into(), ..Default::default() }).await.unwrap();
    assert_eq!(allocate().await.unwrap_err(), "AddressLimitExceeded", "the configuration's figure again");
    let wrong = QuotasRequest { name: "adresses".into(), ..Default::default() };
    assert_eq!(ask(&sandbox, wrong).await.unwrap_err().message, "there is no quota \"adresses\"");
}

#[tokio::test]
async fn account_attributes_show_the_figures_in_force() {
    let sandbox = Sandbox::new().await;
    let shown = || async {
        let known = ok(&sandbox, "DescribeAccountAttributes", json!({})).await;
        let attributes = known["account_attributes"].as_array().unwrap().clone();
        let of = |name: &str| {
            let known = attributes.iter().find(|known| known["attribute_name"] == name).unwrap();
            known["attribute_values"][0]["attribute_value"].as_str().unwrap().to_owned()
        };
        ["max-instances", "max-elastic-ips", "vpc-max-elastic-ips", "vpc-max-security-groups-per-interface"].map(of)
    };
    assert_eq!(shown().await, ["20", "5", "5", "5"]);
    limit(&sandbox, ACCOUNT, "addresses", 50).await;
    limit(&sandbox, "", "instances", 7).await;
    limit(&sandbox, "", "security-groups-per-interface", 16).await;
    assert_eq!(shown().await, ["7", "5", "50", "16"]);
}

#[tokio::test]
async fn figures_and_what_is_used_are_known_again_after_a_crash() {
    let (path, crashed) = (folder("quotas"), folder("quotas-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&path).unwrap()).await;
    let request = QuotasRequest { profile: "aws".into(), ..Default::default() };
    ask(&sandbox, request).await.unwrap();
    limit(&sandbox, ACCOUNT, "vpcs", 3).await;
    vpc(&sandbox).await.unwrap();
    run(&sandbox, "t3.micro", 2).await.unwrap();
    let used = |quotas: &[Quota]| -> Vec<(String, Option<u64>, u64)> {
        quotas.iter().map(|quota| (quota.name.clone(), quota.limit, most(quota))).collect()
    };
    let all = QuotasRequest { account: ACCOUNT.into(), ..Default::default() };
    let before = ask(&sandbox, all.clone()).await.unwrap();
    copy_folder(&path, &crashed);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&crashed).unwrap()).await;
    sandbox.region.shell.quotas.configure(&sandbox.region.shell, Profile::Off, []);
    let after = ask(&sandbox, all).await.unwrap();
    assert_eq!((after.profile.as_str(), &after.settings), ("aws", &before.settings));
    assert_eq!(used(&after.quotas), used(&before.quotas));
    vpc(&sandbox).await.unwrap();
    assert_eq!(vpc(&sandbox).await, Err("VpcLimitExceeded".to_owned()));
    assert_eq!(run(&sandbox, "t3.micro", 1).await.unwrap_err().code, "VcpuLimitExceeded");
}

#[tokio::test]
async fn a_reset_gives_all_places_back() {
    let sandbox = Sandbox::new().await;
    limit(&sandbox, "", "vpcs", 2).await;
    vpc(&sandbox).await.unwrap();
    assert!(vpc(&sandbox).await.is_err());
    sandbox.region.reset(Some(ACCOUNT)).await.unwrap();
    assert_eq!(most(&quota(&sandbox, ACCOUNT, "vpcs").await), 0);
    vpc(&sandbox).await.unwrap();
}

#[tokio::test]
async fn every_code_of_the_reference_that_tells_of_a_limit_can_happen() {
    // Those whose limits hold whatever the quotas are, each tried in the tests of its family.
    let always = [
        "AttachmentLimitExceeded",
        "FilterLimitExceeded",
        "InvalidInterface.IpAddressLimitExceeded",
        "PrivateIpAddressLimitExceeded",
        "TagLimitExceeded",
        "VpnGatewayAttachmentLimitExceeded",
    ];
    let sandbox = Sandbox::new().await;
    let quotas = ask(&sandbox, QuotasRequest::default()).await.unwrap().quotas;
    let known: HashSet<_> = quotas.iter().map(|quota| quota.code.as_str()).chain(always).collect();
    for code in [
        "ActiveVpcPeeringConnectionPerVpcLimitExceeded",
        "AddressLimitExceeded",
        "AttachmentLimitExceeded",
        "ConcurrentSnapshotLimitExceeded",
        "CustomerGatewayLimitExceeded",
        "FilterLimitExceeded",
        "InstanceLimitExceeded",
        "InternetGatewayLimitExceeded",
        "InvalidInterface.IpAddressLimitExceeded",
        "MaxIOPSLimitExceeded",
        "MaxSpotInstanceCountExceeded",
        "NetworkAclEntryLimitExceeded",
        "NetworkAclLimitExceeded",
        "OutstandingVpcPeeringConnectionLimitExceeded",
        "PendingSnapshotLimitExceeded",
        "PrivateIpAddressLimitExceeded",
        "RequestResourceCountExceeded",
        "ReservedInstancesLimitExceeded",
        "ResourceCountExceeded",
        "ResourceLimitExceeded",
        "RouteLimitExceeded",
        "RouteTableLimitExceeded",
        "RulesPerSecurityGroupLimitExceeded",
        "SecurityGroupLimitExceeded",
        "SecurityGroupsPerInstanceLimitExceeded",
        "SecurityGroupsPerInterfaceLimitExceeded",
        "SnapshotLimitExceeded",
        "SubnetLimitExceeded",
        "TagLimitExceeded",
        "VolumeLimitExceeded",
        "VpcLimitExceeded",
        "VpnConnectionLimitExceeded",
        "VpnGatewayAttachmentLimitExceeded",
        "VpnGatewayLimitExceeded",
    ] {
        assert!(known.contains(code), "{code}");
    }
}
