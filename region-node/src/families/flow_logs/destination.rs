//! Where flow logs are delivered to.

use archipelago_proto::ec2::v1::{CreateFlowLogsRequest, DestinationOptionsResponse};
use archipelago_proto::{Ec2Error, Ec2Result};

/// A checked destination.
pub(super) struct Destination {
    pub(super) kind: &'static str,
    pub(super) arn: Option<String>,
    pub(super) log_group: Option<String>,
    pub(super) options: Option<DestinationOptionsResponse>,
}

fn invalid(message: &str) -> Ec2Error {
    Ec2Error::new("InvalidParameter", message)
}

fn check_arn(arn: &str, service: &str) -> Ec2Result<()> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, known, ..] if known == service && parts.len() == 6 => Ok(()),
        _ => Err(invalid(&format!("LogDestination: {arn} is not a valid ARN of {service}."))),
    }
}

impl Destination {
    pub(super) fn of(input: &CreateFlowLogsRequest) -> Ec2Result<Self> {
        let kind = match input.log_destination_type.as_deref() {
            None | Some("cloud-watch-logs") => "cloud-watch-logs",
            Some("s3") => "s3",
            Some("kinesis-data-firehose") => "kinesis-data-firehose",
            Some(other) => return Err(Ec2Error::invalid_value("logDestinationType", other)),
        };
        let arn = input.log_destination.as_deref();
        let group = input.log_group_name.as_deref();
        match (kind, arn, group) {
            ("cloud-watch-logs", Some(_), Some(_)) => {
                return Err(invalid("Please only provide LogGroupName or only provide LogDestination."));
            }
            ("cloud-watch-logs", None, None) => {
                return Err(invalid("LogDestination can't be empty if LogGroupName is not provided."));
            }
            ("cloud-watch-logs", ..) => {
                if input.deliver_logs_permission_arn.is_none() {
                    return Err(invalid(
                        "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
                    ));
                }
                arn.map_or(Ok(()), |arn| check_arn(arn, "logs"))?;
            }
            (_, _, Some(_)) => {
                return Err(invalid("LogDestination type must be cloud-watch-logs if LogGroupName is provided."));
            }
            (_, None, _) => return Err(invalid("LogDestination can't be empty.")),
            ("s3", Some(arn), _) => {
                check_arn(arn, "s3")?;
                let path = arn.rsplit(':').next().unwrap_or_default();
                if path.split('/').skip(1).any(|folder| folder == "AWSLogs") {
                    return Err(invalid("LogDestination: AWSLogs is reserved and cannot be a subfolder name."));
                }
                if input.deliver_logs_permission_arn.is_some() {
                    return Err(invalid("DeliverLogsPermissionArn is not applicable for s3 delivery."));
                }
            }
            (_, Some(arn), _) => check_arn(arn, "firehose")?,
        }
        let role = input.deliver_logs_permission_arn.iter().chain(&input.deliver_cross_account_role);
        role.into_iter().try_for_each(|arn| check_arn(arn, "iam"))?;
        let options = options(input, kind)?;
        let arn = match (arn, group) {
            (Some(arn), _) => Some(arn.to_owned()),
            _ => None,
        };
        Ok(Self { kind, arn, log_group: group_name(input), options })
    }
}

/// A log group that is named by its ARN is shown by its name too.
fn group_name(input: &CreateFlowLogsRequest) -> Option<String> {
    let of_arn = |arn: &String| {
        let group = arn.split(":log-group:").nth(1)?;
        Some(group.trim_end_matches(":*").to_owned())
    };
    input.log_group_name.clone().or_else(|| input.log_destination.as_ref().and_then(of_arn))
}

fn options(input: &CreateFlowLogsRequest, kind: &str) -> Ec2Result<Option<DestinationOptionsResponse>> {
    let Some(given) = &input.destination_options else { return Ok(None) };
    if kind != "s3" {
        return Err(invalid("DestinationOptions are for the destination type s3 only."));
    }
    Ok(Some(DestinationOptionsResponse {
        file_format: Some(given.file_format.clone().unwrap_or_else(|| "plain-text".into())),
        hive_compatible_partitions: Some(given.hive_compatible_partitions()),
        per_hour_partition: Some(given.per_hour_partition()),
    }))
}
