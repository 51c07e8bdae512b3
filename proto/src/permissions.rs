//! Permissions that a request may need beside that of its own action.

/// For the tags that it gives to what it creates.
pub const TAGGING: &str = "ec2:CreateTags";

/// For the role that it hands to EC2.
pub const PASSING: &str = "iam:PassRole";

/// Where a request has the instance profile whose role it hands over.
pub const PROFILES: [&str; 2] = ["iam_instance_profile", "launch_specification.iam_instance_profile"];
