//! The names that Amazon's DNS has for addresses (AWS: "DNS attributes for your VPC").

use std::net::Ipv4Addr;

use archipelago_proto::regions::Region;

/// The oldest region has names of its own.
const FIRST: &str = "us-east-1";

/// `ip-10-0-0-1.ec2.internal`, `ip-10-0-0-1.eu-west-1.compute.internal`
pub fn private_name(region: &str, address: Ipv4Addr) -> String {
    let dashed = dashed(address);
    if region == FIRST { format!("ip-{dashed}.ec2.internal") } else { format!("ip-{dashed}.{region}.compute.internal") }
}

/// `ec2-3-80-0-1.compute-1.amazonaws.com`, `ec2-34-240-0-1.eu-west-1.compute.amazonaws.com`
pub fn public_name(region: &Region, address: Ipv4Addr) -> String {
    let (dashed, suffix) = (dashed(address), region.partition.dns_suffix());
    if region.name == FIRST {
        format!("ec2-{dashed}.compute-1.{suffix}")
    } else {
        format!("ec2-{dashed}.{}.compute.{suffix}", region.name)
    }
}

fn dashed(address: Ipv4Addr) -> String {
    address.to_string().replace('.', "-")
}

#[cfg(test)]
mod tests {
    use archipelago_proto::regions;

    use super::*;

    #[test]
    fn names_follow_the_region() {
        let address = Ipv4Addr::new(10, 0, 0, 1);
        assert_eq!(private_name("us-east-1", address), "ip-10-0-0-1.ec2.internal");
        assert_eq!(private_name("eu-west-1", address), "ip-10-0-0-1.eu-west-1.compute.internal");
        let public = |region| public_name(regions::find(region).unwrap(), Ipv4Addr::new(52, 1, 2, 3));
        assert_eq!(public("us-east-1"), "ec2-52-1-2-3.compute-1.amazonaws.com");
        assert_eq!(public("eu-west-1"), "ec2-52-1-2-3.eu-west-1.compute.amazonaws.com");
        assert_eq!(public("cn-north-1"), "ec2-52-1-2-3.cn-north-1.compute.amazonaws.com.cn");
    }
}
