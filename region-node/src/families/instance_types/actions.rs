//! The actions on instance types (AWS: DescribeInstanceTypes, DescribeInstanceTypeOfferings,
//! GetInstanceTypesFromInstanceRequirements).

use archipelago_proto::ec2::v1::{
    DescribeInstanceTypeOfferingsRequest, DescribeInstanceTypeOfferingsResult, DescribeInstanceTypesRequest,
    DescribeInstanceTypesResult, GetInstanceTypesFromInstanceRequirementsRequest,
    GetInstanceTypesFromInstanceRequirementsResult, InstanceTypeInfoFromInstanceRequirements, InstanceTypeOffering,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::catalogue::{InstanceType, find, types};
use super::filters::{OFFERINGS, Offer, TYPES};
use super::offerings::zones_offering;
use super::requirements::{self, Wanted};
use crate::request::{Action, Context, Describe, recode, required};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(describe_instance_types),
        Action::new(describe_instance_type_offerings),
        Action::new(get_instance_types_from_instance_requirements),
    ]
}

/// AWS returns at most so many types in a page, whether a size is asked for or not.
const MOST_TYPES: i32 = 100;
const MOST_OFFERINGS: i32 = 1000;

async fn describe_instance_types(
    cx: Context,
    input: DescribeInstanceTypesRequest,
) -> Ec2Result<DescribeInstanceTypesResult> {
    let here = |known: &InstanceType| !zones_offering(cx.facts, known.name()).is_empty();
    let elsewhere = input.include_unsupported_in_region();
    let names = &input.instance_types;
    if names.len() > 100 {
        return Err(Ec2Error::invalid_parameter("At most 100 instance types may be specified"));
    }
    let unknown: Vec<_> = names.iter().filter(|n| find(n).is_none_or(|found| !elsewhere && !here(&found))).collect();
    if !unknown.is_empty() {
        let unknown: Vec<_> = unknown.into_iter().map(String::as_str).collect();
        return Err(Ec2Error::new(
            "InvalidInstanceType",
            format!("The following supplied instance types do not exist: [{}]", unknown.join(", ")),
        ));
    }
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results.or(Some(MOST_TYPES)),
        next_token: input.next_token.as_deref(),
        scope: &[names],
        sizes: 5..=MOST_TYPES,
        ..Describe::default()
    };
    let page = describe.pick("instance-type", TYPES, |after| {
        let rest = types().partition_point(|known| after.is_some_and(|after| known.name() <= after));
        let wanted = types()[rest..].iter().filter(|known| names.is_empty() || names.iter().any(|n| n == known.name()));
        wanted.filter(|known| elsewhere || here(known)).map(|known| {
            let mut info = known.info();
            info.supported_in_region = elsewhere.then(|| here(known));
            info
        })
    })?;
    Ok(DescribeInstanceTypesResult { next_token: page.next_token, instance_types: page.items })
}

async fn describe_instance_type_offerings(
    cx: Context,
    input: DescribeInstanceTypeOfferingsRequest,
) -> Ec2Result<DescribeInstanceTypeOfferingsResult> {
    let location_type = input.location_type.as_deref().unwrap_or("region");
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results.or(Some(MOST_OFFERINGS)),
        next_token: input.next_token.as_deref(),
        sizes: 5..=MOST_OFFERINGS,
        ..Describe::default()
    };
    let of = format!("instance-type-offering/{location_type}");
    let page = describe.pick(&of, OFFERINGS, |after| {
        let after = after.and_then(|after| after.split_once('/')).unwrap_or_default();
        let after = (after.0.to_owned(), after.1.to_owned());
        let rest = types().partition_point(|known| *known.name() < *after.0);
        let offers = types()[rest..].iter().flat_map(|known| offers(&cx, known.name(), location_type));
        // By parts, since `metal/..` comes after `metal-24xl/..` though the type comes before.
        offers.filter(move |offer| (offer.public.instance_type(), offer.public.location()) > (&after.0, &after.1))
    })?;
    let instance_type_offerings = page.items.into_iter().map(|offer| offer.public).collect();
    Ok(DescribeInstanceTypeOfferingsResult { next_token: page.next_token, instance_type_offerings })
}

/// A type's offers by kind of place. Nobody here has an Outpost.
fn offers(cx: &Context, name: &str, location_type: &str) -> Vec<Offer> {
    let zones = zones_offering(cx.facts, name);
    let mut places: Vec<_> = match location_type {
        "availability-zone" => zones.iter().map(|zone| zone.name).collect(),
        "availability-zone-id" => zones.iter().map(|zone| zone.id).collect(),
        "region" if !zones.is_empty() => vec![cx.facts.name],
        _ => Vec::new(),
    };
    places.sort_unstable();
    let offer = |place: &str| Offer {
        position: format!("{name}/{place}"),
        public: InstanceTypeOffering {
            instance_type: Some(name.to_owned()),
            location_type: Some(location_type.to_owned()),
            location: Some(place.to_owned()),
        },
    };
    places.into_iter().map(offer).collect()
}

/// A preview of what a fleet with these requirements may launch; capacity and prices play no part.
async fn get_instance_types_from_instance_requirements(
    cx: Context,
    input: GetInstanceTypesFromInstanceRequirementsRequest,
) -> Ec2Result<GetInstanceTypesFromInstanceRequirementsResult> {
    if input.context.is_some() {
        return Err(Ec2Error::unsupported("The parameter Context is reserved."));
    }
    let wanted = recode(required("InstanceRequirements", input.instance_requirements.as_ref())?);
    requirements::check_without_prices(&wanted)?;
    let (architectures, virtualizations) = (&input.architecture_types, &input.virtualization_types);
    let matching = requirements::matching(cx.facts, Wanted { required: &wanted, architectures, virtualizations });
    let asked = [format!("{wanted:?}")];
    let describe = Describe {
        max_results: input.max_results.or(Some(MOST_OFFERINGS)),
        next_token: input.next_token.as_deref(),
        scope: &[architectures, virtualizations, &asked],
        sizes: 1..=MOST_OFFERINGS,
        ..Describe::default()
    };
    let page = describe.pick_from("instance-type-from-requirements", &[], matching)?;
    let view = |info: &archipelago_proto::ec2::v1::InstanceTypeInfo| InstanceTypeInfoFromInstanceRequirements {
        instance_type: info.instance_type.clone(),
    };
    Ok(GetInstanceTypesFromInstanceRequirementsResult { instance_types: page.map(view), next_token: page.next_token })
}
