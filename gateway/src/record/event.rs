//! One call as CloudTrail records it (reference: "Logging Amazon EC2 API Calls Using AWS CloudTrail"; AWS CloudTrail User
//! Guide, "CloudTrail record contents").

use std::collections::BTreeSet;

use archipelago_proto::Ec2Error;
use serde_json::{Value, json};

use crate::encode::timestamp_text;
use crate::keyring::resource_of;
use crate::service::only_reads;
use crate::signature::Identity;

/// What is known of a call when it has been answered.
pub(crate) struct Call<'c> {
    pub(crate) request_id: &'c str,
    pub(crate) event_id: String,
    /// `ec2.amazonaws.com`
    pub(crate) source: &'static str,
    pub(crate) action: &'c str,
    pub(crate) region: &'c str,
    pub(crate) identity: Option<&'c Identity>,
    pub(crate) address: String,
    pub(crate) user_agent: String,
    pub(crate) parameters: Value,
    pub(crate) elements: Value,
    pub(crate) error: Option<&'c Ec2Error>,
    pub(crate) now_ms: i64,
}

/// What is looked for in a record, beside the record itself.
#[derive(Debug, Default)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) source: &'static str,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) access_key: String,
    pub(crate) user: String,
    pub(crate) read_only: bool,
    pub(crate) time_ms: i64,
    pub(crate) resources: Vec<Resource>,
    /// The record, one line of JSON.
    pub(crate) line: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Resource {
    pub(crate) name: String,
    /// As CloudFormation calls it.
    pub(crate) kind: &'static str,
}

/// What the ids of resources begin with.
const KINDS: [(&str, &str); 30] = [
    ("acl", "AWS::EC2::NetworkAcl"),
    ("ami", "AWS::EC2::Ami"),
    ("cagw", "AWS::EC2::CarrierGateway"),
    ("cgw", "AWS::EC2::CustomerGateway"),
    ("cr", "AWS::EC2::CapacityReservation"),
    ("dopt", "AWS::EC2::DHCPOptions"),
    ("eigw", "AWS::EC2::EgressOnlyInternetGateway"),
    ("eipalloc", "AWS::EC2::EIP"),
    ("eni", "AWS::EC2::NetworkInterface"),
    ("fl", "AWS::EC2::FlowLog"),
    ("h", "AWS::EC2::Host"),
    ("i", "AWS::EC2::Instance"),
    ("igw", "AWS::EC2::InternetGateway"),
    ("ipam", "AWS::EC2::IPAM"),
    ("lt", "AWS::EC2::LaunchTemplate"),
    ("nat", "AWS::EC2::NatGateway"),
    ("pcx", "AWS::EC2::VPCPeeringConnection"),
    ("pl", "AWS::EC2::PrefixList"),
    ("rtb", "AWS::EC2::RouteTable"),
    ("sg", "AWS::EC2::SecurityGroup"),
    ("sir", "AWS::EC2::SpotInstanceRequest"),
    ("snap", "AWS::EC2::Snapshot"),
    ("subnet", "AWS::EC2::Subnet"),
    ("tgw", "AWS::EC2::TransitGateway"),
    ("vgw", "AWS::EC2::VPNGateway"),
    ("vol", "AWS::EC2::Volume"),
    ("vpc", "AWS::EC2::VPC"),
    ("vpce", "AWS::EC2::VPCEndpoint"),
    ("vpce-svc", "AWS::EC2::VPCEndpointService"),
    ("vpn", "AWS::EC2::VPNConnection"),
];

impl Event {
    pub(crate) fn of(call: Call<'_>) -> Self {
        let (account, principal, access_key) = call.identity.map_or(("", "", ""), |identity| {
            (identity.account.as_str(), identity.principal.as_str(), identity.access_key.as_str())
        });
        let id = call.event_id;
        let read_only = only_reads(call.action);
        let mut record = json!({
            "eventVersion": "1.11",
            "userIdentity": identity(account, principal, access_key),
            "eventTime": timestamp_text(call.now_ms / 1000 * 1000).replace(".000Z", "Z"),
            "eventSource": call.source,
            "eventName": call.action,
            "awsRegion": call.region,
            "sourceIPAddress": call.address,
            "userAgent": call.user_agent,
            "requestParameters": call.parameters,
            "responseElements": call.elements,
            "requestID": call.request_id,
            "eventID": id,
            "readOnly": read_only,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": account,
            "eventCategory": "Management",
        });
        if let Some(error) = call.error {
            let side = if error.http_status().is_server_error() { "Server" } else { "Client" };
            record["errorCode"] = json!(format!("{side}.{}", error.code));
            record["errorMessage"] = json!(error.message);
        }
        let mut resources = BTreeSet::new();
        gather(&record["requestParameters"], &mut resources);
        gather(&record["responseElements"], &mut resources);
        Self {
            id,
            name: call.action.to_owned(),
            source: call.source,
            account: account.to_owned(),
            region: call.region.to_owned(),
            access_key: access_key.to_owned(),
            user: user_name(principal).to_owned(),
            read_only,
            time_ms: call.now_ms,
            resources: resources.into_iter().collect(),
            line: record.to_string(),
        }
    }
}

/// The element `userIdentity`.
fn identity(account: &str, principal: &str, access_key: &str) -> Value {
    let resource = resource_of(principal);
    let id = if principal.is_empty() { String::new() } else { crate::sts::unique_id(principal, account) };
    let mut identity = json!({
        "type": "Root", "principalId": id, "arn": principal, "accountId": account, "accessKeyId": access_key,
    });
    if resource.starts_with("user/") {
        identity["type"] = json!("IAMUser");
        identity["userName"] = json!(user_name(principal));
    } else if let Some(role) = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next()) {
        identity["type"] = json!("AssumedRole");
        let partition = principal.split(':').nth(1).unwrap_or("aws");
        identity["sessionContext"] = json!({ "sessionIssuer": {
            "type": "Role",
            "principalId": id.split(':').next(),
            "arn": format!("arn:{partition}:iam::{account}:role/{role}"),
            "accountId": account,
            "userName": role,
        } });
    }
    identity
}

/// The last part of the ARN; `root` for the account itself.
fn user_name(principal: &str) -> &str {
    principal.rsplit([':', '/']).next().unwrap_or_default()
}

/// The ids of resources, wherever they stand.
fn gather(value: &Value, resources: &mut BTreeSet<Resource>) {
    match value {
        Value::String(text) => {
            resources.extend(kind(text).map(|kind| Resource { name: text.clone(), kind }));
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, resources)),
        Value::Object(object) => object.values().for_each(|value| gather(value, resources)),
        _ => {}
    }
}

/// `vol-0123456789abcdef0`
fn kind(id: &str) -> Option<&'static str> {
    let (prefix, number) = id.rsplit_once('-')?;
    let fits = (8..=17).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_hexdigit());
    let known = KINDS.binary_search_by(|(known, _)| (*known).cmp(prefix)).ok().filter(|_| fits)?;
    Some(KINDS[known].1)
}
