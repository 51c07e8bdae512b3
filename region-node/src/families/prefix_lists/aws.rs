//! The prefix lists that AWS keeps in every region (AWS: "AWS-managed prefix lists").

use archipelago_proto::ec2::v1::{ManagedPrefixList, PrefixListEntry};
use archipelago_proto::regions;
use sha2::{Digest as _, Sha256};

use super::PrefixListState;
use super::state::AWS;
use crate::Region;
use crate::entity::{Account, Id};

/// The ids of the S3 lists that are widely known; the others are made up from the list's name.
const S3: &[(&str, &str)] = &[
    ("us-east-1", "pl-63a5400a"),
    ("us-east-2", "pl-7ba54012"),
    ("us-west-1", "pl-6ba54002"),
    ("us-west-2", "pl-68a54001"),
    ("ap-northeast-1", "pl-61a54008"),
    ("ap-northeast-2", "pl-78a54011"),
    ("ap-southeast-1", "pl-6fa54006"),
    ("ap-southeast-2", "pl-6ca54005"),
    ("eu-central-1", "pl-6ea54007"),
    ("eu-west-1", "pl-6da54004"),
    ("sa-east-1", "pl-6aa54003"),
];

/// One list: what follows `com.amazonaws.`, its family, and some of its blocks. `{n}` is the region's number.
struct Line {
    name: &'static str,
    family: &'static str,
    blocks: &'static [&'static str],
}

const LINES: &[Line] = &[
    Line { name: "{region}.s3", family: "IPv4", blocks: &["3.5.{4n}.0/22", "16.182.{n}.0/24", "52.219.{4n}.0/22"] },
    Line { name: "{region}.dynamodb", family: "IPv4", blocks: &["52.94.{n}.0/24", "52.119.{n}.0/24"] },
    Line { name: "{region}.s3express", family: "IPv4", blocks: &["1.178.{n}.0/24"] },
    Line { name: "{region}.vpc-lattice", family: "IPv4", blocks: &["169.254.171.0/24"] },
    Line { name: "{region}.ipv6.vpc-lattice", family: "IPv6", blocks: &["fd00:ec2:80::/64"] },
    Line { name: "{region}.ec2-instance-connect", family: "IPv4", blocks: &["18.206.{n}.24/29"] },
    Line { name: "{region}.ipv6.ec2-instance-connect", family: "IPv6", blocks: &["2600:1f70:{n}::/56"] },
    Line { name: "{region}.route53-healthchecks", family: "IPv4", blocks: &["15.177.{n}.0/24"] },
    Line { name: "{region}.ipv6.route53-healthchecks", family: "IPv6", blocks: &["2600:9000:5300:{n}::/64"] },
    Line { name: "global.cloudfront.origin-facing", family: "IPv4", blocks: &["13.124.199.0/24", "130.176.0.0/17"] },
    Line { name: "global.ipv6.cloudfront.origin-facing", family: "IPv6", blocks: &["2600:9000:1000::/36"] },
    Line { name: "global.groundstation", family: "IPv4", blocks: &["3.2.16.0/20"] },
];

/// Where the catalogue's lists come among its other entries.
const FIRST_PLACE: u64 = 1 << 19;

/// Publishes the lists of a region.
pub(crate) fn stock(region: &Region) {
    let account: Account = AWS.into();
    let number = regions::all().iter().position(|known| known.name == region.facts.name).unwrap_or_default();
    for (place, line) in (FIRST_PLACE..).zip(LINES) {
        let name = format!("com.amazonaws.{}", line.name.replace("{region}", region.facts.name));
        let id = id(&name, region.facts.name);
        let block = |block: &&str| {
            let block = block.replace("{4n}", &(number * 4 % 256).to_string());
            block.replace("{n}", &number.to_string())
        };
        let entries = line.blocks.iter().map(|text| PrefixListEntry { cidr: Some(block(text)), description: None });
        let partition = region.facts.partition.id();
        let public = ManagedPrefixList {
            prefix_list_id: Some(id.to_string()),
            address_family: Some(line.family.into()),
            state: Some("create-complete".into()),
            prefix_list_arn: Some(format!("arn:{partition}:ec2:{}:aws:prefix-list/{id}", region.facts.name)),
            prefix_list_name: Some(name),
            owner_id: Some(AWS.into()),
            ..ManagedPrefixList::default()
        };
        let state = PrefixListState::of_aws(public, entries.collect());
        region.prefix_lists.stock(&id, &account, place, state);
    }
}

fn id(name: &str, region: &str) -> Id {
    let known = S3.iter().find(|(of, _)| *of == region && name == format!("com.amazonaws.{region}.s3"));
    if let Some((_, id)) = known {
        return Id::new(id);
    }
    let hash = Sha256::digest(name);
    let digits = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    Id::new(&format!("pl-{digits:08x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_of_every_region_is_one() {
        for number in 0..regions::all().len() {
            for block in LINES.iter().flat_map(|line| line.blocks) {
                let block = block.replace("{4n}", &(number * 4 % 256).to_string()).replace("{n}", &number.to_string());
                let parsed: ipnet::IpNet = block.parse().unwrap();
                assert_eq!(parsed.trunc(), parsed, "{block}");
            }
        }
    }
}
