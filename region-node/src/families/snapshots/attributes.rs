//! The attributes of a snapshot: who may make volumes from it, and its product codes.

use archipelago_proto::ec2::v1::{
    CreateVolumePermission, DescribeSnapshotAttributeRequest, DescribeSnapshotAttributeResult,
    ModifySnapshotAttributeRequest, ModifySnapshotAttributeResponse, ResetSnapshotAttributeRequest,
    ResetSnapshotAttributeResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::{SnapshotCommand, SnapshotState, owned};
use crate::families::{account_settings, ebs_settings};
use crate::request::{Context, check_account, required};

const PERMISSION: &str = "createVolumePermission";
const PRODUCT_CODES: &str = "productCodes";

pub(super) fn describe(
    cx: &Context,
    input: &DescribeSnapshotAttributeRequest,
) -> Ec2Result<DescribeSnapshotAttributeResult> {
    let attribute = required("attribute", input.attribute.as_deref())?;
    let snapshot = owned(cx, input.snapshot_id())?;
    let mut result = DescribeSnapshotAttributeResult {
        snapshot_id: Some(snapshot.id.to_string()),
        ..DescribeSnapshotAttributeResult::default()
    };
    match attribute {
        PERMISSION => result.create_volume_permissions = permissions(&snapshot.state),
        PRODUCT_CODES => result.product_codes.clone_from(&snapshot.state.product_codes),
        other => return Err(Ec2Error::invalid_value("attribute", other)),
    }
    Ok(result)
}

fn permissions(snapshot: &SnapshotState) -> Vec<CreateVolumePermission> {
    let everyone = snapshot.everyone.then(|| CreateVolumePermission { user_id: None, group: Some("all".into()) });
    let users = snapshot.users.iter().map(|user| CreateVolumePermission { user_id: Some(user.clone()), group: None });
    everyone.into_iter().chain(users).collect()
}

pub(super) async fn modify(
    cx: &Context,
    input: &ModifySnapshotAttributeRequest,
) -> Ec2Result<ModifySnapshotAttributeResponse> {
    let change = Change::of(input)?;
    let snapshot = owned(cx, input.snapshot_id())?;
    if snapshot.state.public.encrypted() && change.adds() {
        // AWS: "Share a snapshot": the default key cannot be shared, and so what it encrypts.
        if snapshot.state.public.kms_key_id == Some(ebs_settings::aws_key(cx)) {
            let message = "Encrypted snapshots with EBS default key cannot be shared";
            return Err(Ec2Error::new("InvalidParameter", message));
        }
    }
    if change.add.iter().any(|permission| permission.group.is_some()) {
        account_settings::check_snapshot_sharing(cx)?;
    }
    cx.snapshots.ask(&snapshot.id, SnapshotCommand::Share(change)).await?;
    Ok(ModifySnapshotAttributeResponse {})
}

/// What is added to the permissions and removed from them: accounts, and the group `all`.
#[derive(Clone, Debug, Default)]
pub struct Change {
    add: Vec<CreateVolumePermission>,
    remove: Vec<CreateVolumePermission>,
}

impl Change {
    /// The two ways to say it: the modifications themselves, or an operation on lists of users and groups.
    fn of(input: &ModifySnapshotAttributeRequest) -> Ec2Result<Self> {
        let lists = !input.user_ids.is_empty() || !input.group_names.is_empty();
        match input.attribute() {
            "" | PERMISSION => {}
            other => return Err(Ec2Error::invalid_parameter(format!("The attribute {other} cannot be modified."))),
        }
        let change = match (&input.create_volume_permission, lists) {
            (Some(_), true) => {
                return Err(Ec2Error::invalid_combination(
                    "The parameter CreateVolumePermission may not be specified together with UserId or UserGroup",
                ));
            }
            (Some(both), false) => Self { add: both.add.clone(), remove: both.remove.clone() },
            (None, _) => {
                let users = input.user_ids.iter().cloned();
                let users = users.map(|user| CreateVolumePermission { user_id: Some(user), group: None });
                let groups = input.group_names.iter().cloned();
                let groups = groups.map(|group| CreateVolumePermission { user_id: None, group: Some(group) });
                let all = users.chain(groups).collect();
                match required("OperationType", input.operation_type.as_deref())? {
                    "add" => Self { add: all, remove: Vec::new() },
                    "remove" => Self { add: Vec::new(), remove: all },
                    other => return Err(Ec2Error::invalid_value("OperationType", other)),
                }
            }
        };
        if change.add.is_empty() && change.remove.is_empty() {
            return Err(Ec2Error::missing_parameter("CreateVolumePermission"));
        }
        change.add.iter().chain(&change.remove).try_for_each(check)?;
        Ok(change)
    }

    fn adds(&self) -> bool {
        !self.add.is_empty()
    }

    pub(super) fn apply(self, snapshot: &mut SnapshotState) {
        for permission in self.remove {
            snapshot.everyone &= permission.group.is_none();
            snapshot.users.retain(|user| Some(user) != permission.user_id.as_ref());
        }
        for permission in self.add {
            snapshot.everyone |= permission.group.is_some();
            let new = permission.user_id.filter(|user| !snapshot.users.contains(user));
            snapshot.users.extend(new);
        }
    }
}

fn check(permission: &CreateVolumePermission) -> Ec2Result<()> {
    match (&permission.user_id, permission.group.as_deref()) {
        (Some(user), None) => check_account(user, &[]),
        (None, Some("all")) => Ok(()),
        (None, Some(group)) => Err(Ec2Error::invalid_value("Group", group)),
        _ => Err(Ec2Error::invalid_combination("A permission is for either a UserId or a Group")),
    }
}

pub(super) async fn reset(
    cx: &Context,
    input: &ResetSnapshotAttributeRequest,
) -> Ec2Result<ResetSnapshotAttributeResponse> {
    let attribute = required("attribute", input.attribute.as_deref())?;
    if attribute != PERMISSION {
        return Err(Ec2Error::invalid_parameter(format!("The attribute {attribute} cannot be reset.")));
    }
    let snapshot = owned(cx, input.snapshot_id())?;
    cx.snapshots.ask(&snapshot.id, SnapshotCommand::Unshare).await?;
    Ok(ResetSnapshotAttributeResponse {})
}
