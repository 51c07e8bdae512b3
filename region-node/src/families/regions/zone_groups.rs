//! The groups of zones that accounts opt in to: Local Zones and Wavelength Zones (AWS: ModifyAvailabilityZoneGroup).

use archipelago_proto::ec2::v1::{ModifyAvailabilityZoneGroupRequest, ModifyAvailabilityZoneGroupResult};
use archipelago_proto::regions::{OptIn, Zone};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::families::accounts::{AccountCommand, account_id};
use crate::request::Context;

/// Whether the account may use the zone.
pub fn opt_in(cx: &Context, zone: &Zone) -> OptIn {
    let account = cx.accounts.index().get(&account_id(&cx.account));
    let opted_in = || account.is_some_and(|account| account.state.settings.zone_groups.iter().any(|g| g == zone.group));
    match zone.opt_in() {
        OptIn::NotOptedIn if opted_in() => OptIn::OptedIn,
        status => status,
    }
}

/// Refuses a zone that the account has not opted in to.
pub fn check_opted_in(cx: &Context, zone: &Zone) -> Ec2Result<()> {
    if opt_in(cx, zone) == OptIn::NotOptedIn {
        let message = format!("You are not opted in to the zone group '{}' of the zone '{}'.", zone.group, zone.name);
        return Err(Ec2Error::new("OptInRequired", message));
    }
    Ok(())
}

/// AWS: to opt out, contact AWS Support.
pub(super) async fn modify_availability_zone_group(
    cx: Context,
    input: ModifyAvailabilityZoneGroupRequest,
) -> Ec2Result<ModifyAvailabilityZoneGroupResult> {
    let group = input.group_name();
    let zone = cx.facts.zones.iter().find(|zone| zone.group == group && zone.opt_in() != OptIn::NotRequired);
    if zone.is_none() {
        return Err(Ec2Error::invalid_value("GroupName", group));
    }
    if input.opt_in_status() != OptIn::OptedIn.id() {
        return Err(Ec2Error::unsupported(format!(
            "You cannot opt out of the zone group '{group}'. Contact AWS Support to opt out."
        )));
    }
    cx.accounts.ask(&account_id(&cx.account), AccountCommand::OptIn(group.to_owned())).await?;
    Ok(ModifyAvailabilityZoneGroupResult { r#return: Some(true) })
}
