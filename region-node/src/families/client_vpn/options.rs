//! The options of endpoints, as clients state them and as they are shown.

use archipelago_proto::ec2::v1::{
    CertificateAuthentication, ClientConnectOptions, ClientConnectResponseOptions, ClientLoginBannerOptions,
    ClientLoginBannerResponseOptions, ClientRouteEnforcementOptions, ClientRouteEnforcementResponseOptions,
    ClientVpnAuthentication, ClientVpnAuthenticationRequest, ClientVpnEndpointAttributeStatus, ConnectionLogOptions,
    ConnectionLogResponseOptions, DirectoryServiceAuthentication, FederatedAuthentication,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::request::required;

/// AWS: one method, or a directory or a SAML provider beside certificates.
pub(super) fn authentication(given: Vec<ClientVpnAuthenticationRequest>) -> Ec2Result<Vec<ClientVpnAuthentication>> {
    if given.is_empty() || given.len() > 2 {
        return Err(Ec2Error::invalid_parameter("One or two authentication options must be specified."));
    }
    let mut kinds: Vec<_> = given.iter().map(|option| option.r#type().to_owned()).collect();
    kinds.dedup();
    if kinds.len() != given.len() || (given.len() == 2 && !kinds.iter().any(|kind| kind.starts_with("certificate"))) {
        return Err(Ec2Error::invalid_combination("The authentication options may not be specified together."));
    }
    given.into_iter().map(method).collect()
}

fn method(given: ClientVpnAuthenticationRequest) -> Ec2Result<ClientVpnAuthentication> {
    let mut shown = ClientVpnAuthentication { r#type: given.r#type.clone(), ..ClientVpnAuthentication::default() };
    match given.r#type() {
        "certificate-authentication" => {
            let chain = given.mutual_authentication.and_then(|with| with.client_root_certificate_chain_arn);
            required("MutualAuthentication.ClientRootCertificateChainArn", chain.as_ref())?;
            shown.mutual_authentication = Some(CertificateAuthentication { client_root_certificate_chain: chain });
        }
        "directory-service-authentication" => {
            let directory_id = given.active_directory.and_then(|with| with.directory_id);
            required("ActiveDirectory.DirectoryId", directory_id.as_ref())?;
            shown.active_directory = Some(DirectoryServiceAuthentication { directory_id });
        }
        "federated-authentication" => {
            let with = given.federated_authentication.unwrap_or_default();
            required("FederatedAuthentication.SAMLProviderArn", with.saml_provider_arn.as_ref())?;
            shown.federated_authentication = Some(FederatedAuthentication {
                saml_provider_arn: with.saml_provider_arn,
                self_service_saml_provider_arn: with.self_service_saml_provider_arn,
            });
        }
        other => return Err(Ec2Error::invalid_value("Authentication.Type", other)),
    }
    Ok(shown)
}

pub(super) fn connection_log(given: ConnectionLogOptions) -> Ec2Result<ConnectionLogResponseOptions> {
    if given.enabled() && given.cloudwatch_log_group.is_none() {
        return Err(Ec2Error::missing_parameter("ConnectionLogOptions.CloudwatchLogGroup"));
    }
    Ok(ConnectionLogResponseOptions {
        enabled: Some(given.enabled()),
        cloudwatch_log_group: given.cloudwatch_log_group.filter(|_| given.enabled == Some(true)),
        cloudwatch_log_stream: given.cloudwatch_log_stream.filter(|_| given.enabled == Some(true)),
    })
}

pub(super) fn client_connect(given: ClientConnectOptions) -> Ec2Result<ClientConnectResponseOptions> {
    let enabled = given.enabled();
    if enabled {
        let function = required("ClientConnectOptions.LambdaFunctionArn", given.lambda_function_arn.as_deref())?;
        // AWS: "The function's name must begin with AWSClientVPN-".
        if !function.contains(":function:AWSClientVPN-") {
            return Err(Ec2Error::invalid_value("LambdaFunctionArn", function));
        }
    }
    let status = ClientVpnEndpointAttributeStatus { code: Some("applied".into()), message: None };
    Ok(ClientConnectResponseOptions {
        enabled: Some(enabled),
        lambda_function_arn: given.lambda_function_arn.filter(|_| enabled),
        status: Some(status),
    })
}

/// AWS: up to 1,400 characters.
pub(super) fn login_banner(given: ClientLoginBannerOptions) -> Ec2Result<ClientLoginBannerResponseOptions> {
    let enabled = given.enabled();
    if enabled {
        let text = required("ClientLoginBannerOptions.BannerText", given.banner_text.as_deref())?;
        if text.is_empty() || text.chars().count() > 1400 {
            return Err(Ec2Error::invalid_value("BannerText", text));
        }
    }
    Ok(ClientLoginBannerResponseOptions { enabled: Some(enabled), banner_text: given.banner_text.filter(|_| enabled) })
}

pub(super) fn route_enforcement(given: ClientRouteEnforcementOptions) -> ClientRouteEnforcementResponseOptions {
    ClientRouteEnforcementResponseOptions { enforced: Some(given.enforced()) }
}

pub(super) fn check_session(hours: Option<i32>) -> Ec2Result<()> {
    match hours.filter(|hours| ![8, 10, 12, 24].contains(hours)) {
        Some(hours) => Err(Ec2Error::invalid_value("sessionTimeoutHours", hours)),
        None => Ok(()),
    }
}

pub(super) fn check_port(port: Option<i32>) -> Ec2Result<()> {
    match port.filter(|port| ![443, 1194].contains(port)) {
        Some(port) => Err(Ec2Error::invalid_value("vpnPort", port)),
        None => Ok(()),
    }
}

/// AWS: at most two, and addresses.
pub(super) fn check_dns(servers: &[String]) -> Ec2Result<()> {
    if servers.len() > 2 {
        return Err(Ec2Error::invalid_parameter("At most two DNS servers may be specified."));
    }
    match servers.iter().find(|server| server.parse::<std::net::IpAddr>().is_err()) {
        Some(server) => Err(Ec2Error::invalid_value("dnsServers", server)),
        None => Ok(()),
    }
}

pub(super) fn portal(given: Option<&str>, id: &str) -> Option<String> {
    (given == Some("enabled")).then(|| format!("https://self-service.clientvpn.amazonaws.com/endpoints/{id}"))
}
