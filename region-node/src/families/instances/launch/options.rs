//! The smaller options of a launch, each checked against the instance type and given its defaults.

use archipelago_proto::ec2::v1::{
    CapacityReservationSpecificationResponse, CpuOptions, CpuOptionsRequest, EnclaveOptions, HibernationOptions,
    IamInstanceProfile, IamInstanceProfileSpecification, Image, InstanceMaintenanceOptions,
    InstanceMetadataOptionsRequest, InstanceMetadataOptionsResponse, InstanceNetworkPerformanceOptions,
    InstanceTypeInfo, LicenseConfiguration, PrivateDnsNameOptionsResponse, RunInstancesRequest, Subnet, VCpuInfo,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::families::account_settings;
use crate::families::instances::seats;
use crate::request::Context;

/// AWS: user data of up to 16 KB, before it is encoded.
const LONGEST_USER_DATA: usize = 16 * 1024;

pub(in super::super) fn user_data(encoded: Option<&str>) -> Ec2Result<Option<String>> {
    let Some(encoded) = encoded.filter(|data| !data.is_empty()) else { return Ok(None) };
    let compact: String = encoded.split_whitespace().collect();
    let decoded = STANDARD.decode(&compact);
    let decoded =
        decoded.map_err(|_| Ec2Error::new("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."))?;
    if decoded.len() > LONGEST_USER_DATA {
        return Err(Ec2Error::invalid_parameter(format!("User data is limited to {LONGEST_USER_DATA} bytes")));
    }
    Ok(Some(compact))
}

/// Cores and threads come together, and must be ones that the type offers (AWS: "CPU options").
pub(super) fn cpu(wanted: Option<&CpuOptionsRequest>, info: &InstanceTypeInfo) -> Ec2Result<CpuOptions> {
    let cpu = info.v_cpu_info.as_ref();
    let mut options = CpuOptions {
        core_count: cpu.and_then(|cpu| cpu.default_cores),
        threads_per_core: cpu.and_then(|cpu| cpu.default_threads_per_core),
        ..CpuOptions::default()
    };
    let (Some(wanted), Some(cpu)) = (wanted, cpu) else { return Ok(options) };
    match (wanted.core_count, wanted.threads_per_core) {
        (None, None) => {}
        (Some(cores), Some(threads)) => {
            check_cpu(cores, threads, cpu, info.instance_type())?;
            (options.core_count, options.threads_per_core) = (Some(cores), Some(threads));
        }
        _ => {
            return Err(Ec2Error::new(
                "MissingParameter",
                "CpuOptions must have both CoreCount and ThreadsPerCore, or neither",
            ));
        }
    }
    for (value, feature) in
        [(&wanted.amd_sev_snp, "amd-sev-snp"), (&wanted.nested_virtualization, "nested-virtualization")]
    {
        let features = info.processor_info.as_ref().map_or(&[][..], |processor| &processor.supported_features);
        if value.as_deref() == Some("enabled") && !features.iter().any(|known| known == feature) {
            let name = info.instance_type();
            return Err(Ec2Error::invalid_combination(format!(
                "The instance type '{name}' does not support {feature}."
            )));
        }
    }
    options.amd_sev_snp.clone_from(&wanted.amd_sev_snp);
    options.nested_virtualization.clone_from(&wanted.nested_virtualization);
    Ok(options)
}

fn check_cpu(cores: i32, threads: i32, cpu: &VCpuInfo, name: &str) -> Ec2Result<()> {
    if cpu.valid_cores.is_empty() {
        let default = (cpu.default_cores(), cpu.default_threads_per_core()) == (cores, threads);
        let refused = || Ec2Error::unsupported(format!("CpuOptions are not supported for the instance type '{name}'."));
        return if default { Ok(()) } else { Err(refused()) };
    }
    if !cpu.valid_cores.contains(&cores) {
        return Err(Ec2Error::invalid_parameter(format!(
            "The core count '{cores}' is not valid for the instance type '{name}'."
        )));
    }
    if !cpu.valid_threads_per_core.contains(&threads) {
        return Err(Ec2Error::invalid_parameter(format!(
            "The number of threads per core '{threads}' is not valid for the instance type '{name}'."
        )));
    }
    Ok(())
}

/// The credit option of a burstable type.
pub(in super::super) fn credits(
    cx: &Context,
    wanted: Option<&str>,
    info: &InstanceTypeInfo,
) -> Ec2Result<Option<String>> {
    let name = info.instance_type();
    match wanted {
        Some(_) if !info.burstable_performance_supported() => {
            Err(Ec2Error::unsupported(format!("The instance type '{name}' does not support CreditSpecification.")))
        }
        Some("standard" | "unlimited") => Ok(wanted.map(str::to_owned)),
        Some(other) => Err(Ec2Error::invalid_value("CreditSpecification.CpuCredits", other)),
        None if !info.burstable_performance_supported() => Ok(None),
        None => Ok(name.split_once('.').map(|(family, _)| account_settings::credits(cx, family))),
    }
}

/// Options as they shall be: what is given, else what `known` has.
pub(in super::super) fn metadata(
    wanted: &InstanceMetadataOptionsRequest,
    known: &InstanceMetadataOptionsResponse,
) -> Ec2Result<InstanceMetadataOptionsResponse> {
    if wanted.http_put_response_hop_limit.is_some_and(|limit| !(1..=64).contains(&limit)) {
        return Err(Ec2Error::invalid_value("HttpPutResponseHopLimit", wanted.http_put_response_hop_limit()));
    }
    let or = |wanted: &Option<String>, known: &Option<String>| wanted.clone().or_else(|| known.clone());
    Ok(InstanceMetadataOptionsResponse {
        state: Some("applied".to_owned()),
        http_tokens: or(&wanted.http_tokens, &known.http_tokens),
        http_put_response_hop_limit: wanted.http_put_response_hop_limit.or(known.http_put_response_hop_limit),
        http_endpoint: or(&wanted.http_endpoint, &known.http_endpoint),
        http_protocol_ipv6: or(&wanted.http_protocol_ipv6, &known.http_protocol_ipv6),
        instance_metadata_tags: or(&wanted.instance_metadata_tags, &known.instance_metadata_tags),
    })
}

/// AWS: an image may ask for version 2 of the metadata service.
pub(super) fn default_metadata(image: &Image) -> InstanceMetadataOptionsResponse {
    let v2 = image.imds_support() == "v2.0";
    let text = |text: &str| Some(text.to_owned());
    InstanceMetadataOptionsResponse {
        state: text("applied"),
        http_tokens: text(if v2 { "required" } else { "optional" }),
        http_put_response_hop_limit: Some(if v2 { 2 } else { 1 }),
        http_endpoint: text("enabled"),
        http_protocol_ipv6: text("disabled"),
        instance_metadata_tags: text("disabled"),
    }
}

/// There is no IAM here, so that any well-formed profile is taken for one that exists.
pub(in super::super) fn profile(
    cx: &Context,
    wanted: &IamInstanceProfileSpecification,
) -> Ec2Result<Option<IamInstanceProfile>> {
    let arn = wanted.arn.as_deref().filter(|arn| !arn.is_empty());
    let name = wanted.name.as_deref().filter(|name| !name.is_empty());
    let arn = match (arn, name) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters iamInstanceProfile.name and iamInstanceProfile.arn may not be used in combination",
            ));
        }
        (Some(arn), None) => arn.to_owned(),
        (None, Some(name)) => {
            let partition = cx.facts.partition.id();
            format!("arn:{partition}:iam::{}:instance-profile/{name}", cx.account)
        }
    };
    let mut parts = arn.splitn(6, ':');
    let mut part = || parts.next().unwrap_or_default();
    let (scheme, _, service, _, account, resource) = (part(), part(), part(), part(), part(), part());
    let path = resource.strip_prefix("instance-profile/").unwrap_or_default();
    let legal = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_/".contains(c);
    let numeric = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let named = !path.is_empty() && !path.ends_with('/') && path.chars().all(legal);
    if scheme != "arn" || service != "iam" || !numeric || !named {
        let (parameter, value, what) = match name {
            Some(name) => ("name", name, "name"),
            None => ("arn", arn.as_str(), "ARN"),
        };
        return Err(Ec2Error::invalid_parameter(format!(
            "Value ({value}) for parameter iamInstanceProfile.{parameter} is invalid. Invalid IAM Instance Profile {what}"
        )));
    }
    // The same profile has the same id every time.
    let digits = Sha256::digest(&arn);
    let id = digits.iter().take(17).map(|byte| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(byte % 32)]));
    Ok(Some(IamInstanceProfile { id: Some(format!("AIPA{}", id.collect::<String>())), arn: Some(arn) }))
}

pub(super) fn enclave(input: &RunInstancesRequest, info: &InstanceTypeInfo) -> Ec2Result<EnclaveOptions> {
    let enabled = input.enclave_options.unwrap_or_default().enabled();
    if enabled && info.nitro_enclaves_support() != "supported" {
        return Err(Ec2Error::unsupported(format!(
            "The instance type '{}' does not support Nitro Enclaves.",
            info.instance_type()
        )));
    }
    Ok(EnclaveOptions { enabled: Some(enabled) })
}

/// AWS, "Prerequisites for EC2 instance hibernation": the type, and an encrypted root volume.
pub(super) fn hibernation(
    input: &RunInstancesRequest,
    info: &InstanceTypeInfo,
    enclave: EnclaveOptions,
) -> Ec2Result<HibernationOptions> {
    let configured = input.hibernation_options.unwrap_or_default().configured();
    let refused = |message: String| Err(Ec2Error::new("UnsupportedHibernationConfiguration", message));
    if configured && !info.hibernation_supported() {
        return refused(format!("The instance type '{}' does not support hibernation.", info.instance_type()));
    }
    if configured && enclave.enabled() {
        return refused("An instance cannot have both hibernation and Nitro Enclaves.".to_owned());
    }
    Ok(HibernationOptions { configured: Some(configured) })
}

pub(super) fn maintenance(input: &RunInstancesRequest) -> InstanceMaintenanceOptions {
    let wanted = input.maintenance_options.as_ref().and_then(|options| options.auto_recovery.clone());
    InstanceMaintenanceOptions {
        auto_recovery: Some(wanted.unwrap_or_else(|| "default".to_owned())),
        reboot_migration: Some("default".to_owned()),
    }
}

/// What is not said is as the subnet has it.
pub(super) fn dns_names(input: &RunInstancesRequest, subnet: &Subnet) -> PrivateDnsNameOptionsResponse {
    let wanted = input.private_dns_name_options.clone().unwrap_or_default();
    let known = subnet.private_dns_name_options_on_launch.clone().unwrap_or_default();
    let (a, aaaa) = (known.enable_resource_name_dns_a_record, known.enable_resource_name_dns_aaaa_record);
    PrivateDnsNameOptionsResponse {
        hostname_type: wanted.hostname_type.or(known.hostname_type).or_else(|| Some("ip-name".to_owned())),
        enable_resource_name_dns_a_record: wanted.enable_resource_name_dns_a_record.or(a).or(Some(false)),
        enable_resource_name_dns_aaaa_record: wanted.enable_resource_name_dns_aaaa_record.or(aaaa).or(Some(false)),
    }
}

pub(super) fn capacity(
    cx: &Context,
    input: &RunInstancesRequest,
) -> Ec2Result<CapacityReservationSpecificationResponse> {
    seats::specification(cx, &input.capacity_reservation_specification.clone().unwrap_or_default())
}

pub(super) fn licenses(input: &RunInstancesRequest) -> Ec2Result<Vec<LicenseConfiguration>> {
    let read = |wanted: &archipelago_proto::ec2::v1::LicenseConfigurationRequest| {
        let arn = wanted.license_configuration_arn.as_deref().unwrap_or_default();
        if !arn.starts_with("arn:") || !arn.contains(":license-manager:") || !arn.contains(":license-configuration:") {
            return Err(Ec2Error::invalid_value("LicenseSpecification.LicenseConfigurationArn", arn));
        }
        Ok(LicenseConfiguration { license_configuration_arn: Some(arn.to_owned()) })
    };
    input.license_specifications.iter().map(read).collect()
}

pub(super) fn bandwidth(
    input: &RunInstancesRequest,
    info: &InstanceTypeInfo,
) -> Ec2Result<InstanceNetworkPerformanceOptions> {
    let wanted = input.network_performance_options.as_ref().and_then(|options| options.bandwidth_weighting.clone());
    let wanted = wanted.unwrap_or_else(|| "default".to_owned());
    let offered = info.network_info.as_ref().map_or(&[][..], |network| &network.bandwidth_weightings);
    if wanted != "default" && !offered.contains(&wanted) {
        return Err(Ec2Error::unsupported(format!(
            "The instance type '{}' does not support the bandwidth weighting '{wanted}'.",
            info.instance_type()
        )));
    }
    Ok(InstanceNetworkPerformanceOptions { bandwidth_weighting: Some(wanted) })
}

/// Parts of the service that do not exist here. To drop them silently would be worse than to refuse.
pub(super) fn refuse_others(input: &RunInstancesRequest) -> Ec2Result<()> {
    let refused = [
        (!input.elastic_gpu_specification.is_empty(), "Elastic GPUs"),
        (!input.elastic_inference_accelerators.is_empty(), "Elastic Inference accelerators"),
        (!input.secondary_interfaces.is_empty(), "Secondary network interfaces"),
        (input.operator.is_some(), "Managed instances"),
    ];
    match refused.iter().find(|(given, _)| *given) {
        Some((_, what)) => Err(Ec2Error::unsupported(format!("{what} are not supported."))),
        None => Ok(()),
    }
}
