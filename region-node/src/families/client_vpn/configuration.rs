//! What clients need to connect, whose certificates are revoked, and the connections that never are.

use archipelago_proto::ec2::v1::{
    ClientCertificateRevocationListStatus, ClientVpnEndpoint, DescribeClientVpnConnectionsRequest,
    DescribeClientVpnConnectionsResult, ExportClientVpnClientCertificateRevocationListRequest,
    ExportClientVpnClientCertificateRevocationListResult, ExportClientVpnClientConfigurationRequest,
    ExportClientVpnClientConfigurationResult, ImportClientVpnClientCertificateRevocationListRequest,
    ImportClientVpnClientCertificateRevocationListResult, TerminateClientVpnConnectionsRequest,
    TerminateClientVpnConnectionsResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::CONNECTIONS;
use super::state::ClientVpnCommand;
use crate::request::{Action, Context, Describe, one_of};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(describe_client_vpn_connections),
        Action::new(export_client_vpn_client_certificate_revocation_list),
        Action::new(export_client_vpn_client_configuration),
        Action::new(import_client_vpn_client_certificate_revocation_list),
        Action::new(terminate_client_vpn_connections),
    ]
}

/// A profile for OpenVPN. The certificate authority is only known by its ARN: its certificate has to be put in.
fn profile(endpoint: &ClientVpnEndpoint) -> String {
    let host = endpoint.dns_name().trim_start_matches("*.");
    let has = |kind: &str| endpoint.authentication_options.iter().any(|option| option.r#type() == kind);
    let mut lines = vec![
        "client".to_owned(),
        "dev tun".to_owned(),
        format!("proto {}", endpoint.transport_protocol()),
        format!("remote {host} {}", endpoint.vpn_port()),
        "remote-random-hostname".to_owned(),
        "resolv-retry infinite".to_owned(),
        "nobind".to_owned(),
        "remote-cert-tls server".to_owned(),
        "cipher AES-256-GCM".to_owned(),
        "verb 3".to_owned(),
        format!("# The CA of {} goes here:", endpoint.server_certificate_arn()),
        "# <ca>".to_owned(),
        "# </ca>".to_owned(),
    ];
    if has("directory-service-authentication") {
        lines.push("auth-user-pass".to_owned());
    }
    if has("federated-authentication") {
        lines.extend(["auth-federate".to_owned(), "auth-retry interact".to_owned(), "auth-nocache".to_owned()]);
    }
    lines.push("reneg-sec 0".to_owned());
    lines.push(String::new());
    lines.join("\n")
}

async fn export_client_vpn_client_configuration(
    cx: Context,
    input: ExportClientVpnClientConfigurationRequest,
) -> Ec2Result<ExportClientVpnClientConfigurationResult> {
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let client_configuration = Some(profile(&endpoint.state.public));
    Ok(ExportClientVpnClientConfigurationResult { client_configuration })
}

async fn import_client_vpn_client_certificate_revocation_list(
    cx: Context,
    input: ImportClientVpnClientCertificateRevocationListRequest,
) -> Ec2Result<ImportClientVpnClientCertificateRevocationListResult> {
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let list = input.certificate_revocation_list().to_owned();
    let text = list.trim();
    if !text.starts_with("-----BEGIN X509 CRL-----") || !text.ends_with("-----END X509 CRL-----") {
        return Err(Ec2Error::invalid_parameter("The certificate revocation list is not in PEM format."));
    }
    cx.client_vpn_endpoints.ask(&endpoint.id, ClientVpnCommand::Import(list)).await?;
    Ok(ImportClientVpnClientCertificateRevocationListResult { r#return: Some(true) })
}

async fn export_client_vpn_client_certificate_revocation_list(
    cx: Context,
    input: ExportClientVpnClientCertificateRevocationListRequest,
) -> Ec2Result<ExportClientVpnClientCertificateRevocationListResult> {
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let code = if endpoint.state.revocation_settles.is_some() { "pending" } else { "active" };
    let list = endpoint.state.revocation_list.clone();
    let status =
        list.as_ref().map(|_| ClientCertificateRevocationListStatus { code: Some(code.to_owned()), message: None });
    Ok(ExportClientVpnClientCertificateRevocationListResult { certificate_revocation_list: list, status })
}

async fn describe_client_vpn_connections(
    cx: Context,
    input: DescribeClientVpnConnectionsRequest,
) -> Ec2Result<DescribeClientVpnConnectionsResult> {
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let page = describe.pick_from(&endpoint.id, CONNECTIONS, Vec::new())?;
    Ok(DescribeClientVpnConnectionsResult { connections: page.items, next_token: page.next_token })
}

async fn terminate_client_vpn_connections(
    cx: Context,
    input: TerminateClientVpnConnectionsRequest,
) -> Ec2Result<TerminateClientVpnConnectionsResult> {
    cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let connection = ("ConnectionId", input.connection_id.as_deref());
    let named = one_of(connection, ("Username", input.username.as_deref()))?;
    let (code, noun) = match input.connection_id {
        Some(_) => ("InvalidClientVpnConnection.IdNotFound", "connection ID"),
        None => ("InvalidClientVpnConnection.UserNotFound", "connection of the user"),
    };
    Err(Ec2Error::new(code, format!("The {noun} '{named}' does not exist")))
}
