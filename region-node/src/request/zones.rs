//! The zone that a request names.

use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::{Context, one_of};

/// A zone of the region, given either by its name or by its id.
pub fn zone(cx: &Context, name: Option<&str>, id: Option<&str>) -> Ec2Result<&'static Zone> {
    let wanted = one_of(("AvailabilityZone", name), ("AvailabilityZoneId", id))?;
    let zone = cx.facts.zone(wanted);
    zone.ok_or_else(|| Ec2Error::new("InvalidZone.NotFound", format!("The zone '{wanted}' does not exist.")))
}
