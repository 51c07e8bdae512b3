//! The policies of AWS's own that are attached most, as far as they are about EC2.

const POLICIES: [(&str, &str); 4] = [
    ("AdministratorAccess", r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#),
    ("PowerUserAccess", r#"{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}"#),
    ("AmazonEC2FullAccess", r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#),
    (
        "AmazonEC2ReadOnlyAccess",
        r#"{"Effect":"Allow","Action":["ec2:Describe*","ec2:GetSecurityGroupsForVpc"],"Resource":"*"}"#,
    ),
];

/// The text of `arn:aws:iam::aws:policy/NAME`, whatever the partition.
pub(super) fn find(arn: &str) -> Option<String> {
    let (start, name) = arn.split_once(":iam::aws:policy/")?;
    let (_, statement) = POLICIES.iter().find(|(known, _)| *known == name && start.starts_with("arn:aws"))?;
    Some(format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#))
}
