//! GetSpotPlacementScores: how likely a region or a zone is to have so much Spot capacity (AWS: "Spot placement score").
//!
//! AWS does not say how it scores, so this is a model. What the places have of the types, by `spot_market::depth`, is
//! compared with the target: as much as is wanted scores 6, and each doubling 1 more or each halving 2 less, between 1 and
//! 10. With fewer than three types, variations of one type counted once, no score is above 3: AWS calls such scores
//! "always low". In this node's region pools that are bounded have no more than their bounds leave; of other regions only
//! the model is told, for which nobody is asked.

use std::collections::BTreeSet;

use archipelago_proto::ec2::v1::{
    GetSpotPlacementScoresRequest, GetSpotPlacementScoresResult, InstanceRequirements, InstanceTypeInfo,
    SpotPlacementScore, VCpuInfo,
};
use archipelago_proto::regions::{self, OptIn, Region, Zone};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::capacity::{Market, Pool};
use crate::families::instance_types::requirements::{self, Wanted};
use crate::families::instance_types::{self, zones_offering};
use crate::families::spot_market::depth;
use crate::request::{Context, Describe, Row, recode, required};

/// AWS: "the top 10 Regions or Availability Zones".
const TOP: usize = 10;
const FEW_TYPES: usize = 3;
const LOW: f64 = 3.0;

/// A place with its score.
struct Scored {
    id: String,
    shown: SpotPlacementScore,
}

impl Row for Scored {
    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) async fn get_spot_placement_scores(
    cx: Context,
    input: GetSpotPlacementScoresRequest,
) -> Ec2Result<GetSpotPlacementScoresResult> {
    let target = input.target_capacity();
    if !(1..=2_000_000_000).contains(&target) {
        return Err(Ec2Error::invalid_value("TargetCapacity", target));
    }
    let types = types(&input)?;
    let regions = scored_regions(&cx, &input.region_names)?;
    let unit = input.target_capacity_unit_type.as_deref().unwrap_or("units");
    let most = if several(&types) { 10.0 } else { LOW };
    let score = |zones: &[&Zone], region: &Region| {
        let supply: f64 = types.iter().map(|info| supply(&cx, region, zones, info) * weight(info, unit)).sum();
        #[allow(clippy::cast_possible_truncation)] // Between 1 and 10.
        Some(scale(supply / f64::from(target)).min(most) as i32)
    };
    let mut scored = Vec::new();
    for region in regions {
        let zones: Vec<_> = region.availability_zones().collect();
        if !input.single_availability_zone() {
            let shown = SpotPlacementScore {
                region: Some(region.name.to_owned()),
                availability_zone_id: None,
                score: score(&zones, region),
            };
            scored.push(Scored { id: region.name.to_owned(), shown });
            continue;
        }
        for zone in zones {
            let shown = SpotPlacementScore {
                region: Some(region.name.to_owned()),
                availability_zone_id: Some(zone.id.to_owned()),
                score: score(&[zone], region),
            };
            scored.push(Scored { id: zone.id.to_owned(), shown });
        }
    }
    scored.sort_by(|a, b| b.shown.score.cmp(&a.shown.score).then_with(|| a.id.cmp(&b.id)));
    scored.truncate(TOP);
    let asked = GetSpotPlacementScoresRequest { max_results: None, next_token: None, dry_run: None, ..input.clone() };
    let asked = [format!("{asked:?}")];
    let describe = Describe {
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        scope: &[&asked],
        sizes: 10..=1000,
        ..Describe::default()
    };
    let page = describe.pick_from("spot-placement-score", &[], scored)?;
    Ok(GetSpotPlacementScoresResult {
        spot_placement_scores: page.items.into_iter().map(|scored| scored.shown).collect(),
        next_token: page.next_token,
    })
}

/// The types that are named, or those that have what is required.
fn types(input: &GetSpotPlacementScoresRequest) -> Ec2Result<Vec<InstanceTypeInfo>> {
    match (input.instance_types.as_slice(), &input.instance_requirements_with_metadata) {
        ([], None) => Err(Ec2Error::new(
            "MissingParameter",
            "The request must contain the parameter InstanceTypes or InstanceRequirementsWithMetadata",
        )),
        ([], Some(with)) => {
            let wanted: InstanceRequirements =
                recode(required("InstanceRequirements", with.instance_requirements.as_ref())?);
            requirements::check_without_prices(&wanted)?;
            if wanted.require_hibernate_support.is_some() {
                return Err(Ec2Error::unsupported(
                    "The parameter RequireHibernateSupport is not supported for this operation.",
                ));
            }
            let (architectures, virtualizations) = (&with.architecture_types, &with.virtualization_types);
            Ok(requirements::all_matching(Wanted { required: &wanted, architectures, virtualizations }).collect())
        }
        (names, None) if names.len() > 1000 => {
            Err(Ec2Error::invalid_parameter("At most 1000 instance types may be specified"))
        }
        (names, None) => {
            let names: BTreeSet<_> = names.iter().collect();
            let found = names.into_iter().map(|name| {
                let found = instance_types::find(name).map(instance_types::InstanceType::info);
                found.ok_or_else(|| Ec2Error::invalid_value("InstanceTypes", name))
            });
            found.collect()
        }
        (_, Some(_)) => Err(Ec2Error::invalid_combination(
            "The parameters InstanceTypes and InstanceRequirementsWithMetadata may not be specified together",
        )),
    }
}

/// Those that are named, or else those of the partition that need no opting in.
fn scored_regions(cx: &Context, names: &[String]) -> Ec2Result<Vec<&'static Region>> {
    if names.len() > TOP {
        return Err(Ec2Error::invalid_parameter("At most 10 regions may be specified"));
    }
    let here = |region: &&Region| region.partition == cx.facts.partition;
    if names.is_empty() {
        let enabled = |region: &&Region| region.opt_in != OptIn::NotOptedIn || region.name == cx.facts.name;
        return Ok(regions::all().iter().filter(here).filter(enabled).collect());
    }
    let names: BTreeSet<_> = names.iter().collect();
    let found = names.into_iter().map(|name| {
        let found = regions::find(name).filter(here);
        found.ok_or_else(|| Ec2Error::invalid_parameter(format!("Invalid region name: [{name}]")))
    });
    found.collect()
}

/// Whether there are several types that are no variations of one, as m5.large and m5d.large are.
fn several(types: &[InstanceTypeInfo]) -> bool {
    let base = |info: &InstanceTypeInfo| {
        let (family, size) = info.instance_type().split_once('.').unwrap_or_default();
        let generation = family.find(|letter: char| letter.is_ascii_digit()).map_or(family.len(), |at| at + 1);
        format!("{}.{size}", &family[..generation])
    };
    types.iter().map(base).collect::<BTreeSet<_>>().len() >= FEW_TYPES
}

/// The Spot Instances of a type that the zones have.
fn supply(cx: &Context, region: &Region, zones: &[&Zone], info: &InstanceTypeInfo) -> f64 {
    if !info.supported_usage_classes.iter().any(|class| class == "spot") {
        return 0.0;
    }
    let offering = zones_offering(region, info.instance_type());
    let zones = zones.iter().filter(|zone| offering.iter().any(|offering| offering.id == zone.id));
    let of_zone = |zone: &&Zone| {
        let depth = depth(zone.id, info);
        if region.name != cx.facts.name {
            return depth;
        }
        let room = cx.capacity.room(&Pool::new(zone.name, info.instance_type(), Market::Spot));
        u32::try_from(room).map_or(depth, |room| depth.min(f64::from(room)))
    };
    zones.map(of_zone).sum()
}

/// How much of the target an instance is.
fn weight(info: &InstanceTypeInfo, unit: &str) -> f64 {
    match unit {
        "vcpu" => f64::from(info.v_cpu_info.as_ref().map_or(1, VCpuInfo::default_v_cpus)),
        #[allow(clippy::cast_precision_loss)] // Far below 2^52.
        "memory-mib" => info.memory_info.map_or(1, |memory| memory.size_in_mi_b()) as f64,
        _ => 1.0,
    }
}

/// From what there is for each unit that is wanted, to 1 to 10.
fn scale(ratio: f64) -> f64 {
    let doublings = ratio.max(1e-9).log2();
    let slope = if doublings < 0.0 { 2.0 } else { 1.0 };
    (6.0 + slope * doublings).floor().clamp(1.0, 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp)] // Whole numbers.
    fn more_than_enough_scores_high_and_too_little_low() {
        assert_eq!([0.0, 0.1, 0.5, 1.0, 2.0, 100.0].map(scale), [1.0, 1.0, 4.0, 6.0, 7.0, 10.0]);
    }

    #[test]
    fn variations_of_one_type_are_one() {
        let infos =
            |names: &[&str]| names.iter().map(|name| instance_types::find(name).unwrap().info()).collect::<Vec<_>>();
        assert!(!several(&infos(&["m5.large", "m5d.large", "m5a.large", "m5n.large"])));
        assert!(several(&infos(&["m5.large", "m6i.large", "c5.large"])));
    }
}
