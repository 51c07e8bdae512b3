//! Who may ask to be connected to a service.

use archipelago_proto::ec2::v1::{
    AddedPrincipal, AllowedPrincipal, DescribeVpcEndpointServicePermissionsRequest,
    DescribeVpcEndpointServicePermissionsResult, ModifyVpcEndpointServicePermissionsRequest,
    ModifyVpcEndpointServicePermissionsResult, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::EndpointServiceCommand;
use crate::entity::Kind;
use crate::request::{Column, Context, Describe, Row, Table, is_account};

pub(super) const PERMISSION: Kind = Kind {
    resource_type: "vpc-endpoint-service-permission",
    prefix: "vpce-svc-perm",
    not_found: "InvalidVpcEndpointServicePermissionId.NotFound",
    malformed: "InvalidVpcEndpointServicePermissionId.Malformed",
    noun: "VpcEndpointServicePermission Id",
};

/// The account of `arn:aws:iam::123456789012:root`.
pub(super) fn account_of(principal: &str) -> Option<&str> {
    principal.split(':').nth(4).filter(|account| is_account(account))
}

/// AWS: All, Service, OrganizationUnit, Account, User, Role.
pub(super) fn principal_type(principal: &str) -> Ec2Result<&'static str> {
    let invalid = || Ec2Error::new("InvalidPrincipal", format!("Invalid Principal: {principal}"));
    if principal == "*" {
        return Ok("All");
    }
    if principal.ends_with(".amazonaws.com") && !principal.contains(':') {
        return Ok("Service");
    }
    let parts: Vec<_> = principal.splitn(6, ':').collect();
    let ["arn", _, "iam", "", account, resource] = parts[..] else { return Err(invalid()) };
    if !is_account(account) {
        return Err(invalid());
    }
    match resource.split_once('/') {
        None if resource == "root" => Ok("Account"),
        Some(("user", _)) => Ok("User"),
        Some(("role", _)) => Ok("Role"),
        _ => Err(invalid()),
    }
}

pub(super) async fn modify_vpc_endpoint_service_permissions(
    cx: Context,
    input: ModifyVpcEndpointServicePermissionsRequest,
) -> Ec2Result<ModifyVpcEndpointServicePermissionsResult> {
    let service = cx.vpc_endpoint_services.find(&cx.account, input.service_id())?;
    let permit =
        EndpointServiceCommand::Permit { add: input.add_allowed_principals, remove: input.remove_allowed_principals };
    let new = cx.vpc_endpoint_services.ask(&service.id, permit).await?.reply;
    let added_principals = new.into_iter().map(|principal| AddedPrincipal {
        principal_type: principal.principal_type,
        principal: principal.principal,
        service_permission_id: principal.service_permission_id,
        service_id: principal.service_id,
    });
    Ok(ModifyVpcEndpointServicePermissionsResult {
        added_principals: added_principals.collect(),
        return_value: Some(true),
    })
}

impl Row for AllowedPrincipal {
    fn id(&self) -> &str {
        self.service_permission_id()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

/// AWS: DescribeVpcEndpointServicePermissions.
const FILTERS: Table<AllowedPrincipal> = &[
    ("principal", Column::Of(|principal, probe| probe.text(principal.principal()))),
    ("principal-type", Column::Of(|principal, probe| probe.text(principal.principal_type()))),
];

pub(super) async fn describe_vpc_endpoint_service_permissions(
    cx: Context,
    input: DescribeVpcEndpointServicePermissionsRequest,
) -> Ec2Result<DescribeVpcEndpointServicePermissionsResult> {
    let service = cx.vpc_endpoint_services.find(&cx.account, input.service_id())?;
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results.map(|most| most.min(1000)),
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.pick_from(&service.id, FILTERS, service.state.principals.clone())?;
    Ok(DescribeVpcEndpointServicePermissionsResult { allowed_principals: page.items, next_token: page.next_token })
}
