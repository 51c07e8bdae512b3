//! The actions that set something on an instance.

use archipelago_proto::ec2::v1::{
    GetConsoleScreenshotRequest, GetConsoleScreenshotResult, InstanceCreditSpecificationRequest,
    InstanceMaintenanceOptions, ModifyInstanceCapacityReservationAttributesRequest,
    ModifyInstanceCapacityReservationAttributesResult, ModifyInstanceCreditSpecificationRequest,
    ModifyInstanceCreditSpecificationResult, ModifyInstanceEventStartTimeRequest, ModifyInstanceEventStartTimeResult,
    ModifyInstanceMaintenanceOptionsRequest, ModifyInstanceMaintenanceOptionsResult,
    SuccessfulInstanceCreditSpecificationItem, UnsuccessfulInstanceCreditSpecificationItem,
    UnsuccessfulInstanceCreditSpecificationItemError,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::families::instances::{self, InstanceCommand, Phase, Setting};
use crate::request::{Action, Context, required};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(modify_instance_capacity_reservation_attributes),
        Action::new(modify_instance_maintenance_options),
        Action::new(modify_instance_credit_specification),
        Action::new(get_console_screenshot),
        Action::new(modify_instance_event_start_time),
    ]
}

fn settle(setting: Setting) -> InstanceCommand {
    InstanceCommand::Settle(Box::new(setting))
}

async fn modify_instance_capacity_reservation_attributes(
    cx: Context,
    input: ModifyInstanceCapacityReservationAttributesRequest,
) -> Ec2Result<ModifyInstanceCapacityReservationAttributesResult> {
    let wanted = required("CapacityReservationSpecification", input.capacity_reservation_specification.as_ref())?;
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let specification = instances::reservation_specification(&cx, wanted)?;
    cx.instances.ask(&instance.id, settle(Setting::ReservationSpecification(specification))).await?;
    Ok(ModifyInstanceCapacityReservationAttributesResult { r#return: Some(true) })
}

async fn modify_instance_maintenance_options(
    cx: Context,
    input: ModifyInstanceMaintenanceOptionsRequest,
) -> Ec2Result<ModifyInstanceMaintenanceOptionsResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    if input.auto_recovery.is_none() && input.reboot_migration.is_none() {
        return Err(Ec2Error::new(
            "MissingParameter",
            "The request must contain the parameter AutoRecovery or RebootMigration",
        ));
    }
    let known = instance.state.public.maintenance_options.clone().unwrap_or_default();
    let options = InstanceMaintenanceOptions {
        auto_recovery: input.auto_recovery.or(known.auto_recovery),
        reboot_migration: input.reboot_migration.or(known.reboot_migration),
    };
    cx.instances.ask(&instance.id, settle(Setting::Maintenance(options.clone()))).await?;
    Ok(ModifyInstanceMaintenanceOptionsResult {
        instance_id: input.instance_id,
        auto_recovery: options.auto_recovery,
        reboot_migration: options.reboot_migration,
    })
}

/// Each instance by itself: some may be changed and others not.
async fn modify_instance_credit_specification(
    cx: Context,
    input: ModifyInstanceCreditSpecificationRequest,
) -> Ec2Result<ModifyInstanceCreditSpecificationResult> {
    let mut result = ModifyInstanceCreditSpecificationResult::default();
    for wanted in input.instance_credit_specifications {
        match set_credits(&cx, &wanted).await {
            Ok(()) => result
                .successful_instance_credit_specifications
                .push(SuccessfulInstanceCreditSpecificationItem { instance_id: wanted.instance_id }),
            Err(error) => {
                let code = match error.code.as_str() {
                    "InvalidInstanceID.Malformed" | "InvalidInstanceID.NotFound" => error.code,
                    "IncorrectInstanceState" => "IncorrectInstanceState".to_owned(),
                    _ => "InstanceCreditSpecification.NotSupported".to_owned(),
                };
                let error =
                    UnsuccessfulInstanceCreditSpecificationItemError { code: Some(code), message: Some(error.message) };
                result.unsuccessful_instance_credit_specifications.push(UnsuccessfulInstanceCreditSpecificationItem {
                    instance_id: wanted.instance_id,
                    error: Some(error),
                });
            }
        }
    }
    Ok(result)
}

async fn set_credits(cx: &Context, wanted: &InstanceCreditSpecificationRequest) -> Ec2Result<()> {
    let instance = cx.instances.find(&cx.account, wanted.instance_id())?;
    let credits = wanted.cpu_credits.as_deref().unwrap_or("standard");
    if instance.state.private.cpu_credits.is_none() || !matches!(credits, "standard" | "unlimited") {
        return Err(Ec2Error::unsupported(format!(
            "The credit specification '{credits}' is not supported for the instance '{}'.",
            instance.id
        )));
    }
    cx.instances.ask(&instance.id, settle(Setting::Credits(credits.to_owned()))).await.map(drop)
}

/// A black screen of 640 by 480: what a console shows that nobody has written on.
const SCREEN: &[u8] = include_bytes!("../../../data/console.jpg");

async fn get_console_screenshot(
    cx: Context,
    input: GetConsoleScreenshotRequest,
) -> Ec2Result<GetConsoleScreenshotResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    if instance.state.phase() != Phase::Running {
        return Err(Ec2Error::new(
            "IncorrectInstanceState",
            format!("The instance '{}' is not in a running state.", instance.id),
        ));
    }
    Ok(GetConsoleScreenshotResult { image_data: Some(STANDARD.encode(SCREEN)), instance_id: input.instance_id })
}

async fn modify_instance_event_start_time(
    cx: Context,
    input: ModifyInstanceEventStartTimeRequest,
) -> Ec2Result<ModifyInstanceEventStartTimeResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let id = input.instance_event_id().to_owned();
    let moved = settle(Setting::EventStart { id: id.clone(), not_before: input.not_before() });
    let answer = cx.instances.ask(&instance.id, moved).await?;
    let event = answer.published.state.private.events.iter().find(|event| event.instance_event_id() == id).cloned();
    Ok(ModifyInstanceEventStartTimeResult { event })
}
