//! What other accounts may do with an interface (AWS: CreateNetworkInterfacePermission and those beside it).

use archipelago_proto::ec2::v1::{
    CreateNetworkInterfacePermissionRequest, CreateNetworkInterfacePermissionResult,
    DeleteNetworkInterfacePermissionRequest, DeleteNetworkInterfacePermissionResult,
    DescribeNetworkInterfacePermissionsRequest, DescribeNetworkInterfacePermissionsResult, NetworkInterfacePermission,
    NetworkInterfacePermissionState,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::{NetworkInterfaceCommand, NetworkInterfaceState};
use crate::entity::Kind;
use crate::request::{Column, Context, Describe, Row, Table, check_account, required};

const PERMISSION: Kind = Kind {
    resource_type: "network-interface-permission",
    prefix: "eni-perm",
    not_found: "InvalidPermissionID.NotFound",
    malformed: "InvalidPermissionID.Malformed",
    noun: "network interface permission ID",
};

impl NetworkInterfaceState {
    /// AWS: "only one account at a time".
    pub(super) fn permit(&mut self, new: NetworkInterfacePermission) -> Ec2Result<()> {
        let same = |known: &&NetworkInterfacePermission| known.permission == new.permission;
        if let Some(known) = self.permissions.iter().find(same) {
            return Err(Ec2Error::invalid_parameter(format!(
                "The network interface '{}' already has the permission {} for the account {}.",
                self.public.network_interface_id(),
                known.permission(),
                known.aws_account_id()
            )));
        }
        self.permissions.push(new);
        Ok(())
    }

    pub(super) fn forbid(&mut self, id: &str, force: bool) -> Ec2Result<()> {
        let known = |known: &NetworkInterfacePermission| known.network_interface_permission_id() == id;
        let Some(position) = self.permissions.iter().position(known) else { return Err(PERMISSION.not_found(id)) };
        let user = self.public.attachment.as_ref().and_then(|attachment| attachment.instance_owner_id.as_deref());
        if !force && user == self.permissions[position].aws_account_id.as_deref() {
            return Err(Ec2Error::new(
                "OperationNotPermitted",
                format!("The permission '{id}' is in use: the network interface is attached to an instance."),
            ));
        }
        self.permissions.remove(position);
        Ok(())
    }
}

pub(super) async fn create_network_interface_permission(
    cx: Context,
    input: CreateNetworkInterfacePermissionRequest,
) -> Ec2Result<CreateNetworkInterfacePermissionResult> {
    if input.aws_service.is_some() {
        return Err(Ec2Error::unsupported("The parameter AwsService is not supported."));
    }
    let account = required("AwsAccountId", input.aws_account_id.as_deref())?;
    check_account(account, &[])?;
    let interface = cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    let permission = NetworkInterfacePermission {
        network_interface_permission_id: Some(cx.shell.ids.fresh(&PERMISSION).to_string()),
        network_interface_id: Some(interface.id.to_string()),
        aws_account_id: Some(account.to_owned()),
        permission: input.permission.clone(),
        permission_state: Some(NetworkInterfacePermissionState { state: Some("granted".into()), status_message: None }),
        ..NetworkInterfacePermission::default()
    };
    cx.network_interfaces.ask(&interface.id, NetworkInterfaceCommand::Permit(permission.clone())).await?;
    Ok(CreateNetworkInterfacePermissionResult { interface_permission: Some(permission) })
}

pub(super) async fn delete_network_interface_permission(
    cx: Context,
    input: DeleteNetworkInterfacePermissionRequest,
) -> Ec2Result<DeleteNetworkInterfacePermissionResult> {
    let id = input.network_interface_permission_id();
    PERMISSION.check(id)?;
    let interface = cx.network_interfaces.of_part(&cx.account, id).ok_or_else(|| PERMISSION.not_found(id))?;
    let forbid = NetworkInterfaceCommand::Forbid { permission: id.to_owned(), force: input.force() };
    cx.network_interfaces.ask(&interface.id, forbid).await?;
    Ok(DeleteNetworkInterfacePermissionResult { r#return: Some(true) })
}

impl Row for NetworkInterfacePermission {
    fn id(&self) -> &str {
        self.network_interface_permission_id()
    }
}

/// AWS: DescribeNetworkInterfacePermissions.
const FILTERS: Table<NetworkInterfacePermission> = &[
    (
        "network-interface-permission.aws-account-id",
        Column::Of(|permission, probe| probe.maybe(permission.aws_account_id.as_deref())),
    ),
    (
        "network-interface-permission.aws-service",
        Column::Of(|permission, probe| probe.maybe(permission.aws_service.as_deref())),
    ),
    (
        "network-interface-permission.network-interface-id",
        Column::Of(|permission, probe| probe.text(permission.network_interface_id())),
    ),
    ("network-interface-permission.network-interface-permission-id", Column::Id),
    ("network-interface-permission.permission", Column::Of(|permission, probe| probe.text(permission.permission()))),
];

/// AWS: without MaxResults there are up to 50.
const PAGE: i32 = 50;

pub(super) async fn describe_network_interface_permissions(
    cx: Context,
    input: DescribeNetworkInterfacePermissionsRequest,
) -> Ec2Result<DescribeNetworkInterfacePermissionsResult> {
    let wanted = &input.network_interface_permission_ids;
    let owned = cx.network_interfaces.owned_by(&cx.account);
    let all = owned.values().flat_map(|interface| interface.state.permissions.iter().cloned());
    let mut all: Vec<_> = all.filter(|known| wanted.is_empty() || wanted.iter().any(|id| id == known.id())).collect();
    all.sort_by(|one, other| one.id().cmp(other.id()));
    for id in wanted {
        PERMISSION.check(id)?;
        if !all.iter().any(|known| known.id() == id) {
            return Err(PERMISSION.not_found(id));
        }
    }
    let describe = Describe {
        ids: wanted,
        filters: &input.filters,
        max_results: input.max_results.or(wanted.is_empty().then_some(PAGE)),
        next_token: input.next_token.as_deref(),
        sizes: 5..=255,
        ..Describe::default()
    };
    let page = describe.pick_from(PERMISSION.resource_type, FILTERS, all)?;
    Ok(DescribeNetworkInterfacePermissionsResult {
        network_interface_permissions: page.items,
        next_token: page.next_token,
    })
}
