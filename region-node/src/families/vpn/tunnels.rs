//! The options of a connection's tunnels (AWS: "Tunnel options for your Site-to-Site VPN connection").

use archipelago_proto::ec2::v1::{
    CloudWatchLogOptions, IkeVersionsListValue, ModifyVpnTunnelOptionsSpecification, Phase1DhGroupNumbersListValue,
    Phase1EncryptionAlgorithmsListValue, Phase1IntegrityAlgorithmsListValue, Phase2DhGroupNumbersListValue,
    Phase2EncryptionAlgorithmsListValue, Phase2IntegrityAlgorithmsListValue, TunnelOption, VpnTunnelLogOptions,
    VpnTunnelLogOptionsSpecification, VpnTunnelOptionsSpecification,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{Ipv4Net, Ipv6Net};

/// Blocks within the tunnels that AWS keeps for itself.
const RESERVED: [&str; 7] = [
    "169.254.0.0/30",
    "169.254.1.0/30",
    "169.254.2.0/30",
    "169.254.3.0/30",
    "169.254.4.0/30",
    "169.254.5.0/30",
    "169.254.169.252/30",
];

const ENCRYPTION: [&str; 4] = ["AES128", "AES256", "AES128-GCM-16", "AES256-GCM-16"];
const INTEGRITY: [&str; 4] = ["SHA1", "SHA2-256", "SHA2-384", "SHA2-512"];

/// What a request says of a tunnel; it has two shapes with the same members.
macro_rules! options {
    ($given:ident) => {{
        macro_rules! values {
            ($list:ident as $value:ident) => {
                $given.$list.into_iter().map(|known| $value { value: known.value }).collect()
            };
        }
        TunnelOption {
            outside_ip_address: None,
            tunnel_inside_cidr: $given.tunnel_inside_cidr,
            tunnel_inside_ipv6_cidr: $given.tunnel_inside_ipv6_cidr,
            pre_shared_key: $given.pre_shared_key,
            phase1_lifetime_seconds: $given.phase1_lifetime_seconds,
            phase2_lifetime_seconds: $given.phase2_lifetime_seconds,
            rekey_margin_time_seconds: $given.rekey_margin_time_seconds,
            rekey_fuzz_percentage: $given.rekey_fuzz_percentage,
            replay_window_size: $given.replay_window_size,
            dpd_timeout_seconds: $given.dpd_timeout_seconds,
            dpd_timeout_action: $given.dpd_timeout_action,
            phase1_encryption_algorithms: values!(phase1_encryption_algorithms as Phase1EncryptionAlgorithmsListValue),
            phase2_encryption_algorithms: values!(phase2_encryption_algorithms as Phase2EncryptionAlgorithmsListValue),
            phase1_integrity_algorithms: values!(phase1_integrity_algorithms as Phase1IntegrityAlgorithmsListValue),
            phase2_integrity_algorithms: values!(phase2_integrity_algorithms as Phase2IntegrityAlgorithmsListValue),
            phase1_dh_group_numbers: values!(phase1_dh_group_numbers as Phase1DhGroupNumbersListValue),
            phase2_dh_group_numbers: values!(phase2_dh_group_numbers as Phase2DhGroupNumbersListValue),
            ike_versions: values!(ike_versions as IkeVersionsListValue),
            startup_action: $given.startup_action,
            log_options: $given.log_options.map(log_options),
            enable_tunnel_lifecycle_control: $given.enable_tunnel_lifecycle_control,
        }
    }};
}

pub(super) fn of_creation(given: VpnTunnelOptionsSpecification) -> Ec2Result<TunnelOption> {
    let options = options!(given);
    check(&options).map(|()| options)
}

pub(super) fn of_change(given: ModifyVpnTunnelOptionsSpecification) -> Ec2Result<TunnelOption> {
    let options = options!(given);
    check(&options).map(|()| options)
}

fn log_options(given: VpnTunnelLogOptionsSpecification) -> VpnTunnelLogOptions {
    let cloud_watch = given.cloud_watch_log_options.map(|given| CloudWatchLogOptions {
        log_enabled: given.log_enabled,
        log_group_arn: given.log_group_arn,
        log_output_format: given.log_output_format,
        bgp_log_enabled: given.bgp_log_enabled,
        bgp_log_group_arn: given.bgp_log_group_arn,
        bgp_log_output_format: given.bgp_log_output_format,
    });
    VpnTunnelLogOptions { cloud_watch_log_options: cloud_watch }
}

/// What is not given stays as it is.
pub(super) fn merge(known: &mut TunnelOption, new: TunnelOption) {
    macro_rules! take {
        ($($field:ident),*) => { $(if new.$field.is_some() { known.$field = new.$field; })* };
    }
    macro_rules! take_list {
        ($($field:ident),*) => { $(if !new.$field.is_empty() { known.$field = new.$field; })* };
    }
    take!(
        tunnel_inside_cidr,
        tunnel_inside_ipv6_cidr,
        pre_shared_key,
        phase1_lifetime_seconds,
        phase2_lifetime_seconds,
        rekey_margin_time_seconds,
        rekey_fuzz_percentage,
        replay_window_size,
        dpd_timeout_seconds,
        dpd_timeout_action,
        startup_action,
        log_options,
        enable_tunnel_lifecycle_control
    );
    take_list!(
        phase1_encryption_algorithms,
        phase2_encryption_algorithms,
        phase1_integrity_algorithms,
        phase2_integrity_algorithms,
        phase1_dh_group_numbers,
        phase2_dh_group_numbers,
        ike_versions
    );
}

fn check(options: &TunnelOption) -> Ec2Result<()> {
    if let Some(block) = &options.tunnel_inside_cidr {
        check_inside(block)?;
    }
    if let Some(block) = &options.tunnel_inside_ipv6_cidr {
        let local: Ipv6Net = Ipv6Net::new_assert(std::net::Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0), 8);
        let fits = block.parse().is_ok_and(|block: Ipv6Net| block.prefix_len() == 126 && local.contains(&block));
        if !fits {
            return Err(Ec2Error::invalid_value("tunnelInsideIpv6Cidr", block));
        }
    }
    if let Some(key) = &options.pre_shared_key {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_');
        if !(8..=64).contains(&key.len()) || key.starts_with('0') || !key.chars().all(letter) {
            return Err(Ec2Error::invalid_parameter("Value for parameter preSharedKey is invalid."));
        }
    }
    check_numbers(options)?;
    check_words(options)
}

fn check_inside(text: &str) -> Ec2Result<()> {
    let link_local = Ipv4Net::new_assert(std::net::Ipv4Addr::new(169, 254, 0, 0), 16);
    let fits = text
        .parse()
        .is_ok_and(|block: Ipv4Net| block.prefix_len() == 30 && block.trunc() == block && link_local.contains(&block));
    if fits && !RESERVED.contains(&text) { Ok(()) } else { Err(Ec2Error::invalid_value("tunnelInsideCidr", text)) }
}

fn check_numbers(options: &TunnelOption) -> Ec2Result<()> {
    let phase2 = options.phase2_lifetime_seconds.unwrap_or(3600);
    let numbers = [
        ("phase1LifetimeSeconds", options.phase1_lifetime_seconds, 900..=28_800),
        ("phase2LifetimeSeconds", options.phase2_lifetime_seconds, 900..=3_600),
        ("rekeyMarginTimeSeconds", options.rekey_margin_time_seconds, 60..=phase2 / 2),
        ("rekeyFuzzPercentage", options.rekey_fuzz_percentage, 0..=100),
        ("replayWindowSize", options.replay_window_size, 64..=2048),
        ("dpdTimeoutSeconds", options.dpd_timeout_seconds, 30..=i32::MAX),
    ];
    for (name, value, allowed) in numbers {
        if let Some(value) = value.filter(|value| !allowed.contains(value)) {
            return Err(Ec2Error::invalid_value(name, value));
        }
    }
    if options.phase1_lifetime_seconds.is_some_and(|phase1| phase2 >= phase1) {
        return Err(Ec2Error::invalid_parameter("The lifetime of phase 2 must be less than that of phase 1."));
    }
    let group = |name: &str, value: Option<i32>, five: bool| {
        let value = value.unwrap_or_default();
        let known = value == 2 || (14..=24).contains(&value) || (five && value == 5);
        if known { Ok(()) } else { Err(Ec2Error::invalid_value(name, value)) }
    };
    options.phase1_dh_group_numbers.iter().try_for_each(|known| group("phase1DHGroupNumber", known.value, false))?;
    options.phase2_dh_group_numbers.iter().try_for_each(|known| group("phase2DHGroupNumber", known.value, true))
}

fn check_words(options: &TunnelOption) -> Ec2Result<()> {
    let one = |name: &str, value: Option<&str>, allowed: &[&str]| match value {
        Some(value) if !allowed.contains(&value) => Err(Ec2Error::invalid_value(name, value)),
        _ => Ok(()),
    };
    one("dpdTimeoutAction", options.dpd_timeout_action.as_deref(), &["clear", "none", "restart"])?;
    one("startupAction", options.startup_action.as_deref(), &["add", "start"])?;
    let values = options.phase1_encryption_algorithms.iter().map(|known| known.value.as_deref());
    let values = values.chain(options.phase2_encryption_algorithms.iter().map(|known| known.value.as_deref()));
    values.into_iter().try_for_each(|value| one("encryptionAlgorithm", value, &ENCRYPTION))?;
    let values = options.phase1_integrity_algorithms.iter().map(|known| known.value.as_deref());
    let values = values.chain(options.phase2_integrity_algorithms.iter().map(|known| known.value.as_deref()));
    values.into_iter().try_for_each(|value| one("integrityAlgorithm", value, &INTEGRITY))?;
    let mut versions = options.ike_versions.iter();
    versions.try_for_each(|known| one("IKEVersion", known.value.as_deref(), &["ikev1", "ikev2"]))
}

/// A block within a tunnel that is not reserved and not among those in use.
pub(super) fn fresh_inside(mut random: impl FnMut() -> u64, used: &[String]) -> String {
    loop {
        let number = random() % (1 << 14);
        let block = format!("169.254.{}.{}/30", number >> 6, (number & 63) << 2);
        if !RESERVED.contains(&block.as_str()) && !used.contains(&block) {
            return block;
        }
    }
}

const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";

/// 32 letters, as AWS makes them; the first is no zero.
pub(super) fn fresh_key(mut random: impl FnMut() -> u64) -> String {
    let mut key: String = (0..32).map(|_| char::from(LETTERS[usize::try_from(random() % 64).unwrap_or(0)])).collect();
    if key.starts_with('0') {
        key.replace_range(0..1, "A");
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnel_options_are_held_to_their_ranges() {
        let with = |change: fn(&mut TunnelOption)| {
            let mut options = TunnelOption::default();
            change(&mut options);
            check(&options).err().map(|error| error.code)
        };
        let refused = Some("InvalidParameterValue".to_owned());
        assert_eq!(with(|_| {}), None);
        assert_eq!(with(|o| o.tunnel_inside_cidr = Some("169.254.44.240/30".into())), None);
        assert_eq!(with(|o| o.tunnel_inside_cidr = Some("169.254.5.0/30".into())), refused);
        assert_eq!(with(|o| o.tunnel_inside_cidr = Some("10.0.0.0/30".into())), refused);
        assert_eq!(with(|o| o.pre_shared_key = Some("0bcdefgh".into())), refused);
        assert_eq!(with(|o| o.phase1_lifetime_seconds = Some(899)), refused);
        assert_eq!(with(|o| o.dpd_timeout_action = Some("restart".into())), None);
        assert_eq!(with(|o| o.startup_action = Some("wait".into())), refused);
    }

    #[test]
    fn keys_and_blocks_pass_their_own_checks() {
        let mut number = 0;
        let mut random = || {
            number += 4_097;
            number
        };
        for _ in 0..200 {
            let options = TunnelOption {
                tunnel_inside_cidr: Some(fresh_inside(&mut random, &[])),
                pre_shared_key: Some(fresh_key(&mut random)),
                ..TunnelOption::default()
            };
            check(&options).unwrap();
        }
    }
}
