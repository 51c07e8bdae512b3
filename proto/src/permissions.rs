//! Permissions that a request may need beside that of its own action.

/// For the tags that it gives to what it creates.
pub const TAGGING: &str = "ec2:CreateTags";

/// For the role that it hands to EC2.
pub const PASSING: &str = "iam:PassRole";
