//! The fields of a flow log's records (AWS: "Flow log records").

use archipelago_proto::{Ec2Error, Ec2Result};

pub(super) const DEFAULT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
                                  ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

const FIELDS: &[&str] = &[
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
    "vpc-id",
    "subnet-id",
    "instance-id",
    "tcp-flags",
    "type",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "region",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    "ecs-cluster-arn",
    "ecs-cluster-name",
    "ecs-container-instance-arn",
    "ecs-container-instance-id",
    "ecs-container-id",
    "ecs-second-container-id",
    "ecs-service-name",
    "ecs-task-definition-arn",
    "ecs-task-arn",
    "ecs-task-id",
    "reject-reason",
    "resource-id",
    "encryption-status",
];

/// A format is known fields in `${…}`, between spaces.
pub(super) fn check(format: &str) -> Ec2Result<()> {
    let mut fields = format.split_whitespace().peekable();
    let known = |field: &str| {
        let name = field.strip_prefix("${").and_then(|field| field.strip_suffix('}'));
        name.is_some_and(|name| FIELDS.contains(&name))
    };
    let unknown =
        fields.peek().is_none().then_some("").or_else(|| format.split_whitespace().find(|field| !known(field)));
    match unknown {
        Some(field) => Err(Ec2Error::new("InvalidParameter", format!("Unknown fields provided: '{field}'"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_has_known_fields_only() {
        assert!(check(DEFAULT).is_ok());
        assert!(check("${vpc-id} ${tcp-flags}").is_ok());
        for format in ["", "vpc-id", "${weather}", "${vpc-id},${bytes}"] {
            assert_eq!(check(format).unwrap_err().code, "InvalidParameter", "{format}");
        }
    }
}
