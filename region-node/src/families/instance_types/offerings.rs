//! Where instance types are offered: `instance_type_offerings.tsv`.

use std::sync::OnceLock;

use archipelago_proto::regions::{Region, Zone, ZoneKind};

use super::catalogue::rows;

const TABLE: &str = include_str!("../../../data/instance_type_offerings.tsv");

/// A type and the places of its line.
type Offer = (&'static str, &'static str);

fn offers() -> &'static [Offer] {
    static OFFERS: OnceLock<Vec<Offer>> = OnceLock::new();
    OFFERS.get_or_init(|| {
        let lines = rows(TABLE).filter_map(|line| line.split_once('\t'));
        let mut offers: Vec<_> = lines.flat_map(|(types, places)| types.split(' ').map(move |t| (t, places))).collect();
        offers.sort_unstable();
        offers
    })
}

/// The zones of a region that have the type. Local and Wavelength Zones have none.
pub fn zones_offering(region: &Region, instance_type: &str) -> Vec<&'static Zone> {
    let offers = offers();
    let Ok(at) = offers.binary_search_by(|(known, _)| (*known).cmp(instance_type)) else { return Vec::new() };
    let place = offers[at].1.split(' ').find_map(|place| {
        let (name, numbers) = place.split_once(':').unwrap_or((place, ""));
        (name == region.name).then_some(numbers)
    });
    let Some(numbers) = place else { return Vec::new() };
    let offers = |zone: &&Zone| {
        zone.kind == ZoneKind::Availability && (numbers.is_empty() || zone.id.ends_with(|last| numbers.contains(last)))
    };
    region.zones.iter().filter(offers).collect()
}

/// Whether any zone of a region has the type.
pub fn offered_in(region: &Region, instance_type: &str) -> bool {
    !zones_offering(region, instance_type).is_empty()
}

/// Whether a zone, by name or id, has the type.
pub fn offered(region: &Region, zone: &str, instance_type: &str) -> bool {
    zones_offering(region, instance_type).iter().any(|offering| offering.name == zone || offering.id == zone)
}

#[cfg(test)]
mod tests {
    use archipelago_proto::regions;

    use super::super::catalogue;
    use super::*;

    #[test]
    fn a_type_is_offered_in_the_zones_of_its_line() {
        let virginia = regions::find("us-east-1").unwrap();
        let ids: Vec<_> = zones_offering(virginia, "a1.large").iter().map(|zone| zone.id).collect();
        assert_eq!(ids, ["use1-az2", "use1-az4", "use1-az6"]);
        assert!(offered(virginia, "us-east-1b", "a1.large") && !offered(virginia, "us-east-1a", "a1.large"));
        assert!(!offered(virginia, "us-east-1a", "t3.gigantic"));
    }

    #[test]
    fn every_region_offers_something_and_only_what_the_catalogue_has() {
        let types: Vec<_> = catalogue::types().iter().map(|known| known.name()).collect();
        assert!(offers().iter().all(|(name, _)| types.binary_search(name).is_ok()));
        for region in regions::all() {
            assert!(!zones_offering(region, "m6g.large").is_empty(), "{}", region.name);
        }
    }
}
