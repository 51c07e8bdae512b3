//! The pools that a fleet can launch from: each override of each launch template, in its place.

use archipelago_proto::ec2::v1::{
    FleetLaunchTemplateOverrides, FleetLaunchTemplateSpecification, InstanceMarketOptionsRequest, InstanceRequirements,
    InstanceTypeInfo, LaunchTemplateAndOverridesResponse, Placement, RunInstancesRequest, SpotMarketOptions, VCpuInfo,
};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::state::Fleet;
use crate::capacity::{Market, Pool};
use crate::entity::{Entity as _, Id};
use crate::families::images;
use crate::families::instance_types::{self, requirements};
use crate::families::instances::{Membership, Order};
use crate::families::launch_templates;
use crate::families::spot_market::Product;
use crate::families::spot_market::prices::{Quote, on_demand};
use crate::families::spot_market::protection::{self, Priced};
use crate::families::subnets::SubnetState;
use crate::request::{Context, recode};

/// Something that instances can be launched as.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Its place among all of the fleet.
    pub(super) index: u32,
    order: Order,
    specification: Option<FleetLaunchTemplateSpecification>,
    pub(super) overrides: FleetLaunchTemplateOverrides,
    pub(super) instance_type: String,
    zones: Vec<&'static Zone>,
    /// How much of the target an instance is.
    pub(super) weight: f64,
    /// The lower, the sooner; without one, last.
    pub(super) priority: f64,
    price_on_demand: f64,
    price_spot: f64,
    /// What it may cost at most in each market, so that it is launched.
    limit_on_demand: f64,
    limit_spot: f64,
}

/// All candidates, in the order in which the request has them.
pub(super) fn candidates(cx: &Context, fleet: &Fleet) -> Ec2Result<Vec<Candidate>> {
    let mut candidates = Vec::new();
    for (place, config) in fleet.public.launch_template_configs.iter().enumerate() {
        let base = match &config.launch_template_specification {
            Some(specification) => {
                let chosen = launch_templates::chosen(cx, &recode(specification))?;
                let shown = FleetLaunchTemplateSpecification {
                    launch_template_id: Some(chosen.template.to_string()),
                    launch_template_name: specification.launch_template_name.as_ref().map(|_| chosen.name.clone()),
                    version: Some(chosen.version.to_string()),
                };
                let requirements = chosen.data.instance_requirements.clone();
                let order = Order::of_data(&chosen);
                (order, Some(shown), requirements)
            }
            None => {
                let launch = fleet.launches.get(place).cloned().ok_or_else(Ec2Error::internal)?;
                (Order { request: launch, ..Order::default() }, None, None)
            }
        };
        let own = [FleetLaunchTemplateOverrides::default()];
        let overrides = if config.overrides.is_empty() { &own[..] } else { &config.overrides };
        for given in overrides {
            let (order, specification, requirements) = &base;
            let given_type = given.instance_type.clone().or_else(|| order.request.instance_type.clone());
            let requirements = given
                .instance_requirements
                .as_ref()
                .or(requirements.as_ref().filter(|_| given.instance_type.is_none()));
            let Some(requirements) = requirements else {
                let name = given_type.unwrap_or_else(|| "m1.small".to_owned());
                let index = u32::try_from(candidates.len()).unwrap_or(u32::MAX);
                candidates.push(candidate(cx, fleet, index, order, specification.clone(), given, name));
                continue;
            };
            let types = matching(cx, order, given, requirements);
            let from = candidates.len();
            for info in &types {
                let index = u32::try_from(candidates.len()).unwrap_or(u32::MAX);
                let name = info.instance_type().to_owned();
                candidates.push(candidate(cx, fleet, index, order, specification.clone(), given, name));
            }
            protect(fleet, requirements, &types, &mut candidates[from..]);
        }
    }
    Ok(candidates)
}

/// The types that have what is required, and that run the image.
fn matching(
    cx: &Context,
    order: &Order,
    given: &FleetLaunchTemplateOverrides,
    required: &InstanceRequirements,
) -> Vec<InstanceTypeInfo> {
    let image = given.image_id.as_deref().or(order.request.image_id.as_deref());
    let image = image.and_then(|id| images::launchable(cx, id).ok());
    let image = image.as_ref().map(|image| &image.state.public);
    let architectures: Vec<_> = image.and_then(|image| image.architecture.clone()).into_iter().collect();
    let virtualizations: Vec<_> = image.and_then(|image| image.virtualization_type.clone()).into_iter().collect();
    let wanted = requirements::Wanted { required, architectures: &architectures, virtualizations: &virtualizations };
    requirements::matching(cx.facts, wanted)
}

/// Sets what the candidates of one set of requirements may cost.
fn protect(fleet: &Fleet, required: &InstanceRequirements, types: &[InstanceTypeInfo], candidates: &mut [Candidate]) {
    let by_unit = matches!(fleet.target().target_capacity_unit_type(), "vcpu" | "memory-mib");
    let share = |candidate: &Candidate| if by_unit { candidate.weight } else { 1.0 };
    let priced = |(info, candidate): (_, &Candidate)| Priced {
        info,
        on_demand: candidate.price_on_demand / share(candidate),
        spot: candidate.price_spot / share(candidate),
    };
    let priced: Vec<_> = types.iter().zip(&*candidates).map(priced).collect();
    let on_demand = protection::limit(Market::OnDemand, required, &priced);
    let spot = protection::limit(Market::Spot, required, &priced);
    for candidate in candidates {
        let share = share(candidate);
        (candidate.limit_on_demand, candidate.limit_spot) = (on_demand * share, spot * share);
    }
}

fn candidate(
    cx: &Context,
    fleet: &Fleet,
    index: u32,
    base: &Order,
    specification: Option<FleetLaunchTemplateSpecification>,
    given: &FleetLaunchTemplateOverrides,
    instance_type: String,
) -> Candidate {
    let mut order = base.clone();
    apply(&mut order.request, given, &instance_type);
    let mut tags = std::mem::take(&mut order.request.tag_specifications);
    let upper = RunInstancesRequest { tag_specifications: fleet.tag_specifications.clone(), ..Default::default() };
    let lower = RunInstancesRequest { tag_specifications: std::mem::take(&mut tags), ..Default::default() };
    order.request.tag_specifications = launch_templates::beneath(lower, upper).tag_specifications;

    let zones = zones(cx, &order.request, &instance_type);
    let info = instance_types::find(&instance_type).map(instance_types::InstanceType::info);
    let image = order.request.image_id.as_deref().and_then(|id| images::launchable(cx, id).ok());
    let product = image.map_or(Product::Linux, |image| Product::of_image(image.state.public.platform_details()));
    let now = cx.shell.clock.now();
    let price_on_demand = info.as_ref().map_or(f64::MAX, |info| on_demand(info, product));
    let quotes = info.iter().flat_map(|info| zones.iter().map(|zone| Quote::new(zone.id, info, product).at(now)));
    let price_spot = quotes.fold(f64::MAX, f64::min);
    let weight = match (fleet.target().target_capacity_unit_type(), &info) {
        ("vcpu", Some(info)) => f64::from(info.v_cpu_info.as_ref().map_or(1, VCpuInfo::default_v_cpus)),
        #[allow(clippy::cast_precision_loss)] // Far below 2^52.
        ("memory-mib", Some(info)) => info.memory_info.map_or(1, |memory| memory.size_in_mi_b()) as f64,
        _ => given.weighted_capacity.unwrap_or(1.0),
    };
    let mut overrides = given.clone();
    // AWS tells where and what, however it was said (Karpenter reads both of each error).
    overrides.instance_type = Some(instance_type.clone());
    overrides.instance_requirements = None;
    if let [only] = zones.as_slice() {
        overrides.availability_zone = Some(only.name.to_owned());
    }
    Candidate {
        index,
        order,
        specification,
        overrides,
        instance_type,
        zones,
        weight,
        priority: given.priority.unwrap_or(f64::MAX),
        price_on_demand,
        price_spot,
        limit_on_demand: f64::MAX,
        limit_spot: f64::MAX,
    }
}

/// An override over what its template says.
fn apply(request: &mut RunInstancesRequest, given: &FleetLaunchTemplateOverrides, instance_type: &str) {
    request.instance_type = Some(instance_type.to_owned());
    if given.image_id.is_some() {
        request.image_id.clone_from(&given.image_id);
    }
    if !given.block_device_mappings.is_empty() {
        request.block_device_mappings = given.block_device_mappings.iter().map(recode).collect();
    }
    let mut placement = request.placement.take().unwrap_or_default();
    if let Some(wanted) = &given.placement {
        let wanted: Placement = recode(wanted);
        placement.group_name = wanted.group_name.or(placement.group_name);
    }
    if given.availability_zone.is_some() || given.availability_zone_id.is_some() {
        placement.availability_zone.clone_from(&given.availability_zone);
        placement.availability_zone_id =
            given.availability_zone_id.clone().filter(|_| given.availability_zone.is_none());
    }
    request.placement = Some(placement).filter(|placement| *placement != Placement::default());
    let Some(subnet) = given.subnet_id.as_ref().filter(|subnet| !subnet.is_empty()) else { return };
    if request.network_interfaces.is_empty() {
        request.subnet_id = Some(subnet.clone());
    }
    for interface in request.network_interfaces.iter_mut().filter(|interface| interface.network_interface_id.is_none())
    {
        interface.subnet_id = Some(subnet.clone());
    }
}

/// Where it can be launched: in the zone that it says, or in any that offers the type.
fn zones(cx: &Context, request: &RunInstancesRequest, instance_type: &str) -> Vec<&'static Zone> {
    let subnet = request.network_interfaces.iter().find_map(|interface| interface.subnet_id.as_deref());
    let subnet = request.subnet_id.as_deref().or(subnet);
    let subnet = subnet.and_then(|id| cx.subnets.find(&cx.account, id).ok());
    let of_subnet = subnet.and_then(|subnet| cx.facts.zone(subnet.state.public.availability_zone()));
    let placement = request.placement.clone().unwrap_or_default();
    let named = placement.availability_zone.or(placement.availability_zone_id);
    match of_subnet.or_else(|| named.and_then(|name| cx.facts.zone(&name))) {
        Some(zone) => vec![zone],
        None => instance_types::zones_offering(cx.facts, instance_type),
    }
}

impl Candidate {
    /// What an hour costs, for as much as one unit of the target.
    pub(super) fn price(&self, market: Market) -> f64 {
        self.cost(market) / self.weight
    }

    /// What an hour of an instance costs.
    pub(super) fn cost(&self, market: Market) -> f64 {
        match market {
            Market::OnDemand => self.price_on_demand,
            Market::Spot => self.price_spot,
        }
    }

    /// Whether it costs no more in a market than the fleet's price protection allows.
    pub(super) fn affordable(&self, market: Market) -> bool {
        match market {
            Market::OnDemand => self.price_on_demand <= self.limit_on_demand,
            Market::Spot => self.price_spot <= self.limit_spot,
        }
    }

    /// How many instances there is room for.
    pub(super) fn room(&self, cx: &Context, market: Market) -> usize {
        let room = |zone: &&Zone| cx.capacity.room(&Pool::new(zone.name, &self.instance_type, market));
        self.zones.iter().map(room).max().unwrap_or(0)
    }

    pub(super) fn zone(&self) -> Option<&'static str> {
        self.zones.first().map(|zone| zone.name)
    }

    /// What is launched for `count` instances, as many as there is room for.
    pub(super) fn order(&self, fleet: &Fleet, id: &Id, mark: &str, market: Market, count: i32) -> Order {
        let mut order = self.order.clone();
        order.request.min_count = Some(1);
        order.request.max_count = Some(count);
        order.request.instance_market_options = (market == Market::Spot).then(|| InstanceMarketOptionsRequest {
            market_type: Some("spot".to_owned()),
            spot_options: Some(SpotMarketOptions {
                max_price: self.overrides.max_price.clone(),
                instance_interruption_behavior: fleet
                    .public
                    .spot_options
                    .as_ref()
                    .and_then(|options| options.instance_interruption_behavior.clone()),
                ..SpotMarketOptions::default()
            }),
        });
        order.marks.push(archipelago_proto::ec2::v1::Tag { key: Some(mark.to_owned()), value: Some(id.to_string()) });
        order.fleet =
            Some(Membership { fleet: id.to_string(), weight: self.weight, pool: self.index, replaced: false });
        order
    }

    pub(super) fn shown(&self) -> LaunchTemplateAndOverridesResponse {
        LaunchTemplateAndOverridesResponse {
            launch_template_specification: self.specification.clone(),
            overrides: Some(self.overrides.clone()),
        }
    }
}

/// Whether what the fleet names is there, as far as AWS tells at once.
pub(super) fn check(cx: &Context, fleet: &Fleet) -> Ec2Result<()> {
    for override_ in fleet.public.launch_template_configs.iter().flat_map(|config| &config.overrides) {
        override_.instance_requirements.as_ref().map_or(Ok(()), requirements::check)?;
        if let Some(id) = override_.subnet_id.as_deref().filter(|id| !id.is_empty()) {
            SubnetState::KIND.check(id)?;
        }
    }
    candidates(cx, fleet).map(drop)
}
