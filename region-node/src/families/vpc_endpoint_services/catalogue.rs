//! AWS's own endpoint services (AWS: "AWS services that integrate with AWS PrivateLink").

use archipelago_proto::regions::Region;
use sha2::{Digest as _, Sha256};

/// Those that route tables lead to.
const GATEWAYS: &[&str] = &["dynamodb", "s3"];

/// Those with interfaces in the customer's subnets, by what follows `com.amazonaws.{region}.`; whether they take
/// endpoint policies all the same.
const INTERFACES: &[&str] = &[
    "access-analyzer",
    "acm-pca",
    "airflow.api",
    "airflow.env",
    "application-autoscaling",
    "appmesh-envoy-management",
    "apprunner",
    "appsync-api",
    "athena",
    "autoscaling",
    "autoscaling-plans",
    "backup",
    "batch",
    "bedrock",
    "bedrock-agent",
    "bedrock-agent-runtime",
    "bedrock-runtime",
    "cloudformation",
    "cloudtrail",
    "codeartifact.api",
    "codeartifact.repositories",
    "codebuild",
    "codecommit",
    "codedeploy",
    "codepipeline",
    "config",
    "databrew",
    "datasync",
    "dms",
    "dynamodb",
    "dynamodb-streams",
    "ebs",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "ecs",
    "ecs-agent",
    "ecs-telemetry",
    "eks",
    "eks-auth",
    "elasticache",
    "elasticbeanstalk",
    "elasticfilesystem",
    "elasticloadbalancing",
    "elasticmapreduce",
    "emr-containers",
    "emr-serverless",
    "events",
    "execute-api",
    "fis",
    "fsx",
    "glue",
    "guardduty-data",
    "imagebuilder",
    "inspector2",
    "iot.data",
    "kinesis-firehose",
    "kinesis-streams",
    "kms",
    "lakeformation",
    "lambda",
    "license-manager",
    "logs",
    "macie2",
    "memory-db",
    "monitoring",
    "notebook",
    "organizations",
    "qldb.session",
    "rds",
    "rds-data",
    "redshift",
    "redshift-data",
    "rekognition",
    "rum",
    "s3",
    "sagemaker.api",
    "sagemaker.runtime",
    "secretsmanager",
    "securityhub",
    "servicecatalog",
    "servicediscovery",
    "sms-voice",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "states",
    "storagegateway",
    "sts",
    "synthetics",
    "textract",
    "transcribe",
    "transfer",
    "translate",
    "wafv2",
    "workspaces",
    "xray",
];

/// One service of AWS's in a region.
pub(super) struct AwsService {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) base: String,
    /// The name that a private hosted zone answers for.
    pub(super) private_name: Option<String>,
}

/// In the order of their names; a gateway before an interface.
pub(super) fn services(region: &Region) -> Vec<AwsService> {
    let interfaces = INTERFACES.iter().map(|name| (*name, "Interface"));
    let mut all: Vec<_> = GATEWAYS.iter().map(|name| (*name, "Gateway")).chain(interfaces).collect();
    all.sort_unstable_by_key(|(name, kind)| (*name, *kind));
    all.into_iter().map(|(name, kind)| service(region, name, kind)).collect()
}

fn service(region: &Region, name: &str, kind: &'static str) -> AwsService {
    // `ecr.api` is at `api.ecr.…`, as are all with a part of a service in their names.
    let host = name.split('.').rev().collect::<Vec<_>>().join(".");
    let domain = match region.partition.id() {
        "aws-cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    };
    let base = match kind {
        "Gateway" => format!("{host}.{}.{domain}", region.name),
        _ => format!("{host}.{}.vpce.{domain}", region.name),
    };
    let prefix = if region.partition.id() == "aws-cn" { "cn.com.amazonaws" } else { "com.amazonaws" };
    let full = format!("{prefix}.{}.{name}", region.name);
    let hash = Sha256::digest(format!("{full} {kind}"));
    let mut digits = [0; 8];
    digits.copy_from_slice(&hash[..8]);
    AwsService {
        id: format!("vpce-svc-0{:016x}", u64::from_be_bytes(digits)),
        kind,
        private_name: (kind == "Interface").then(|| private_name(name, &host, region.name, domain)),
        base,
        name: full,
    }
}

/// Most are at their public name; a few have a wildcard.
fn private_name(name: &str, host: &str, region: &str, domain: &str) -> String {
    match name {
        "ecr.dkr" | "execute-api" | "s3" => format!("*.{host}.{region}.{domain}"),
        "kinesis-streams" => format!("kinesis.{region}.{domain}"),
        "kinesis-firehose" => format!("firehose.{region}.{domain}"),
        _ => format!("{host}.{region}.{domain}"),
    }
}

#[cfg(test)]
mod tests {
    use archipelago_proto::regions;

    use super::*;

    #[test]
    fn services_are_in_order_and_differ() {
        let all = services(regions::find("eu-west-1").unwrap());
        assert!(all.windows(2).all(|pair| pair[0].name <= pair[1].name && pair[0].id != pair[1].id));
        let ecr = all.iter().find(|service| service.name == "com.amazonaws.eu-west-1.ecr.api").unwrap();
        assert_eq!(ecr.base, "api.ecr.eu-west-1.vpce.amazonaws.com");
    }
}
