//! ModifyReservedInstances: the rules, and how the change is carried out (AWS: "Modify Reserved Instances").

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    ModifyReservedInstancesRequest, ModifyReservedInstancesResult, ReservedInstances, ReservedInstancesConfiguration,
    ReservedInstancesId, ReservedInstancesModification,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::modification::{ModificationCommand, ModificationState, PROCESSING, result};
use super::normalization::{factor, family};
use super::state::{ACTIVE, ReservedInstancesCommand, ReservedInstancesState};
use crate::Region;
use crate::entity::{Id, Published, Undo, workflow};
use crate::families::instance_types;
use crate::request::{Context, required};
use crate::time::{Millis, Transition};

const HOUR: Millis = 3_600_000;
const PLATFORMS: [&str; 2] = ["EC2-Classic", "EC2-VPC"];
const VPC: &str = " (Amazon VPC)";

pub(super) async fn modify_reserved_instances(
    cx: Context,
    input: ModifyReservedInstancesRequest,
) -> Ec2Result<ModifyReservedInstancesResult> {
    let mut ids = input.reserved_instances_ids.clone();
    ids.sort();
    ids.dedup();
    let sources = ids.iter().map(|id| cx.reserved_instances.find(&cx.account, id)).collect::<Ec2Result<Vec<_>>>()?;
    let first = sources.first().ok_or_else(|| Ec2Error::missing_parameter("ReservedInstancesId"))?;
    check_alike(&sources)?;
    let wanted = input.target_configurations.clone();
    let targets = wanted.iter().map(|wanted| target(&cx, &sources, wanted)).collect::<Ec2Result<Vec<_>>>()?;
    check_footprint(&sources, &targets)?;

    let id = cx.reserved_modifications.fresh_id();
    let mut undo = Undo::default();
    let outcome = async {
        for source in &sources {
            cx.reserved_instances.ask(&source.id, ReservedInstancesCommand::Modify(id.to_string())).await?;
            let (host, source, id) = (cx.reserved_instances.clone(), source.id.clone(), id.to_string());
            undo.push(async move {
                let _ = host.ask(&source, ReservedInstancesCommand::Spare(id)).await;
            });
        }
        let now = cx.shell.clock.now();
        let public = ReservedInstancesModification {
            client_token: input.client_token.clone(),
            create_date: Some(now),
            // The price of the hour is that of the changed reservation.
            effective_date: Some(now - now.rem_euclid(HOUR)),
            modification_results: wanted.into_iter().map(result).collect(),
            reserved_instances_ids: ids
                .into_iter()
                .map(|id| ReservedInstancesId { reserved_instances_id: Some(id) })
                .collect(),
            reserved_instances_modification_id: Some(id.to_string()),
            status: Some(PROCESSING.into()),
            update_date: Some(now),
            ..ReservedInstancesModification::default()
        };
        let fulfilled = now + cx.shell.lifecycle.duration(Transition::ReservedInstancesModify);
        let targets = targets.into_iter().map(|target| finished(&cx, target, &first.state.public)).collect();
        let mut batch = cx.batch();
        batch.create(
            &cx.reserved_modifications,
            &id,
            ModificationState { public, targets, changes: Some(fulfilled) },
        )?;
        let answer = ModifyReservedInstancesResult { reserved_instances_modification_id: Some(id.to_string()) };
        cx.commit(batch, answer).await
    };
    let outcome = outcome.await;
    let answer = workflow(undo, outcome).await?;
    cx.reserved_modifications.follow_up(&id).await;
    Ok(answer)
}

fn invalid(message: impl Into<String>) -> Ec2Error {
    Ec2Error::invalid_parameter(message)
}

/// What the ones to be modified must have in common.
fn check_alike(sources: &[Arc<Published<ReservedInstancesState>>]) -> Ec2Result<()> {
    let common = |public: &ReservedInstances| {
        (
            public.end() / HOUR,
            public.offering_class().to_owned(),
            public.offering_type().to_owned(),
            public.instance_tenancy().to_owned(),
            product(public).to_owned(),
            family(public.instance_type()).to_owned(),
        )
    };
    let mut all = sources.iter().map(|source| common(&source.state.public));
    let first = all.next();
    if all.all(|other| Some(other) == first) {
        return Ok(());
    }
    Err(invalid(
        "The Reserved Instances to be modified must be identical, except for Availability Zone, scope, network platform, \
         and instance type.",
    ))
}

fn product(public: &ReservedInstances) -> &str {
    public.product_description().trim_end_matches(VPC)
}

/// A part of what is made, with neither id nor times.
fn target(
    cx: &Context,
    sources: &[Arc<Published<ReservedInstancesState>>],
    wanted: &ReservedInstancesConfiguration,
) -> Ec2Result<ReservedInstances> {
    let first = &sources[0].state.public;
    let count = *required("InstanceCount", wanted.instance_count.as_ref())?;
    if count < 1 {
        return Err(Ec2Error::invalid_value("InstanceCount", count));
    }
    let instance_type = wanted.instance_type.clone().filter(|name| !name.is_empty());
    let instance_type = instance_type.unwrap_or_else(|| first.instance_type().to_owned());
    check_type(cx, sources, &instance_type)?;
    let (scope, zone) = place(cx, first, wanted, &instance_type)?;
    let product_description = match wanted.platform.as_deref().filter(|platform| !platform.is_empty()) {
        None => first.product_description().to_owned(),
        Some("EC2-VPC") => format!("{}{VPC}", product(first)),
        Some("EC2-Classic") => product(first).to_owned(),
        Some(other) => {
            return Err(invalid(format!(
                "Value ({other}) for parameter platform is invalid. Valid values: {}.",
                PLATFORMS.join(", ")
            )));
        }
    };
    Ok(ReservedInstances {
        scope: Some(scope.to_owned()),
        availability_zone: zone.map(|zone| zone.name.to_owned()),
        availability_zone_id: zone.map(|zone| zone.id.to_owned()),
        instance_type: Some(instance_type),
        instance_count: Some(count),
        product_description: Some(product_description),
        ..ReservedInstances::default()
    })
}

/// The size changes within a family, for Linux with shared tenancy.
fn check_type(cx: &Context, sources: &[Arc<Published<ReservedInstancesState>>], instance_type: &str) -> Ec2Result<()> {
    let first = &sources[0].state.public;
    if instance_types::find(instance_type).is_none() {
        return Err(invalid(format!("Invalid value '{instance_type}' for InstanceType.")));
    }
    if sources.iter().all(|source| source.state.public.instance_type() == instance_type) {
        return Ok(());
    }
    if family(instance_type) != family(first.instance_type()) {
        return Err(invalid(format!(
            "The instance type {instance_type} is not of the family of {}: Reserved Instances can be modified only to \
             instance types of the same family.",
            first.instance_type()
        )));
    }
    if product(first) != "Linux/UNIX" || first.instance_tenancy() != "default" {
        return Err(invalid(
            "The instance type can be modified only for Linux/UNIX Reserved Instances with default tenancy.",
        ));
    }
    if instance_types::zones_offering(cx.facts, instance_type).is_empty() {
        return Err(invalid(format!("The instance type {instance_type} is not offered in this Region.")));
    }
    Ok(())
}

type Place = (&'static str, Option<&'static archipelago_proto::regions::Zone>);

fn place(
    cx: &Context,
    first: &ReservedInstances,
    wanted: &ReservedInstancesConfiguration,
    instance_type: &str,
) -> Ec2Result<Place> {
    let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let named = match (given(&wanted.availability_zone), given(&wanted.availability_zone_id)) {
        (Some(_), Some(_)) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters AvailabilityZone and AvailabilityZoneId may not be specified together",
            ));
        }
        (name, id) => name.or(id),
    };
    let scope = wanted.scope.as_deref().unwrap_or(match named {
        Some(_) => "Availability Zone",
        None => first.scope(),
    });
    if scope == "Region" {
        if named.is_some() {
            return Err(Ec2Error::invalid_combination(
                "An Availability Zone may not be specified for Reserved Instances with the scope Region.",
            ));
        }
        return Ok(("Region", None));
    }
    let name = named.or_else(|| first.availability_zone.clone());
    let name = name.ok_or_else(|| Ec2Error::missing_parameter("AvailabilityZone"))?;
    let zone = cx
        .facts
        .zone(&name)
        .ok_or_else(|| Ec2Error::new("InvalidZone.NotFound", format!("The zone '{name}' does not exist.")))?;
    if !instance_types::offered(cx.facts, zone.name, instance_type) {
        return Err(invalid(format!("The instance type {instance_type} is not offered in {}.", zone.name)));
    }
    Ok(("Availability Zone", Some(zone)))
}

/// What goes in comes out: the sum of the normalization factors stays.
fn check_footprint(sources: &[Arc<Published<ReservedInstancesState>>], targets: &[ReservedInstances]) -> Ec2Result<()> {
    let footprint = |public: &ReservedInstances| {
        let factor = factor(public.instance_type()).unwrap_or_default();
        factor * i64::from(public.instance_count())
    };
    let before: i64 = sources.iter().map(|source| footprint(&source.state.public)).sum();
    let after: i64 = targets.iter().map(footprint).sum();
    if before == after {
        return Ok(());
    }
    #[allow(clippy::cast_precision_loss)] // Quarters, and few.
    let units = |quarters: i64| quarters as f64 / 4.0;
    Err(invalid(format!(
        "The instance size footprint of the target configurations, {}, must be that of the Reserved Instances, {}.",
        units(after),
        units(before)
    )))
}

/// The rest of the term belongs to the new ones, and is paid for already.
fn finished(cx: &Context, target: ReservedInstances, of: &ReservedInstances) -> ReservedInstances {
    ReservedInstances {
        reserved_instances_id: Some(cx.reserved_instances.fresh_id().to_string()),
        currency_code: of.currency_code.clone(),
        instance_tenancy: of.instance_tenancy.clone(),
        offering_class: of.offering_class.clone(),
        offering_type: of.offering_type.clone(),
        recurring_charges: recurring(of, &target),
        duration: of.duration,
        usage_price: of.usage_price,
        fixed_price: Some(0.0),
        end: of.end,
        state: Some(ACTIVE.into()),
        ..target
    }
}

/// A charge is for one instance, so it changes with the size.
fn recurring(of: &ReservedInstances, target: &ReservedInstances) -> Vec<archipelago_proto::ec2::v1::RecurringCharge> {
    let (Some(from), Some(to)) = (factor(of.instance_type()), factor(target.instance_type())) else {
        return of.recurring_charges.clone();
    };
    let mut charges = of.recurring_charges.clone();
    for charge in &mut charges {
        #[allow(clippy::cast_precision_loss)] // Quarters, and few.
        let scaled = charge.amount() * to as f64 / from as f64;
        charge.amount = Some((scaled * 100_000.0).round() / 100_000.0);
    }
    charges
}

/// Makes the new ones and retires the old. Every step may have been done before a restart.
pub(crate) async fn follow(region: Arc<Region>, modification: Arc<Published<ModificationState>>) {
    let cx = Context::internal(&region, &modification.account);
    let now = cx.shell.clock.now();
    let mut batch = cx.batch();
    for target in &modification.state.targets {
        let id = Id::new(target.reserved_instances_id());
        if cx.reserved_instances.index().get(&id).is_some() {
            continue;
        }
        let public = ReservedInstances { start: Some(now), ..target.clone() };
        let state = ReservedInstancesState { public, ..ReservedInstancesState::default() };
        if let Err(error) = batch.create(&cx.reserved_instances, &id, state) {
            tracing::error!(%id, %error, "a reservation could not be made; it is tried again at boot");
            return;
        }
    }
    if let Err(error) = batch.commit().await {
        tracing::error!(id = %modification.id, %error, "a modification failed; it is tried again at boot");
        return;
    }
    for source in modification.state.sources() {
        let replaced = ReservedInstancesCommand::Replaced(modification.id.to_string());
        let _ = cx.reserved_instances.ask(&Id::new(source), replaced).await;
    }
    let _ = cx.reserved_modifications.ask(&modification.id, ModificationCommand::Fulfilled).await;
}
