//! The launch itself: from a request to instances with their volumes and interfaces.

use archipelago_proto::ec2::v1::{
    CreditSpecificationRequest, Image, Instance, InstanceNetworkInterface, InstanceTypeInfo, Monitoring,
    OperatorResponse, Reservation, RunInstancesRequest, StateReason,
};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};
use imbl::OrdSet;

use super::group::{self, Group};
use super::interfaces::Wanted;
use super::market::{self, Spot};
use super::order::Order;
use super::site::Site;
use super::{capacity, devices, image, interfaces, options, place};
use crate::capacity::{Market, Pool};
use crate::entity::{Batch, Entity as _, Id, Published, Undo, workflow};
use crate::families::account_settings;
use crate::families::images::{self, ImageCommand, ImageState};
use crate::families::instances::lifecycle::Phase;
use crate::families::instances::profiles::Association;
use crate::families::instances::state::{InstanceState, Private};
use crate::families::instances::{outage, row, seats};
use crate::families::key_pairs;
use crate::families::network_interfaces::{
    self, Attachment, NetworkInterfaceCommand, NetworkInterfaceState, launch as interface_launch,
};
use crate::families::spot_market::SpotRequestState;
use crate::families::volumes::VolumeState;
use crate::families::volumes::launch::{self as volume_launch, VolumeTemplate};
use crate::request::{Context, required, tags_for};
use crate::time::{Millis, Transition};

/// What all instances of a launch have in common.
pub(super) struct Plan {
    pub(super) instance: Instance,
    pub(super) private: Private,
    pub(super) volumes: Vec<VolumeTemplate>,
    pub(super) interfaces: Vec<Wanted>,
    pub(super) site: Site,
    group: Option<Group>,
    pool: Pool,
    /// The zones that offer the type.
    zones: Vec<&'static Zone>,
    zone: &'static Zone,
    spot: Option<Spot>,
}

pub(in super::super) async fn run_instances(cx: Context, input: RunInstancesRequest) -> Ec2Result<Reservation> {
    let order = Order::read(&cx, input)?;
    run(&cx, &order).await
}

/// Whether an order could be carried out, as far as room and prices do not matter.
pub(crate) fn check(cx: &Context, order: &Order) -> Ec2Result<()> {
    options::refuse_others(&order.request)?;
    let image = images::launchable(cx, required("ImageId", order.request.image_id.as_deref())?)?;
    plan(cx, order, &image.state).map(drop)
}

/// The one way in which instances come to be.
pub(crate) async fn run(cx: &Context, order: &Order) -> Ec2Result<Reservation> {
    let input = &order.request;
    options::refuse_others(input)?;
    let (least, most) = counts(input)?;
    cx.shell.quotas.check_request(&cx.account, "instances-per-request", most)?;
    let image = images::launchable(cx, required("ImageId", input.image_id.as_deref())?)?;
    let plan = plan(cx, order, &image.state)?;

    let mut count = most;
    loop {
        let mut undo = Undo::default();
        let outcome = Box::pin(launch(cx, &mut undo, order, &plan, count)).await;
        match workflow(undo, outcome).await {
            // AWS launches as many as there is room for, if these are enough.
            Err(error) if count > least && NO_ROOM.contains(&error.code.as_str()) => {
                count = room(cx, &plan, count).max(least);
            }
            Err(error) => return Err(error),
            Ok(reservation) => {
                launched(cx, &image).await;
                return Ok(reservation);
            }
        }
    }
}

/// As many as the largest subnet has addresses; a maximum beyond that is as good as this.
const MOST: usize = 1 << 16;

fn counts(input: &RunInstancesRequest) -> Ec2Result<(usize, usize)> {
    let (least, most) = (input.min_count(), input.max_count());
    let positive = |name: &str, value: i32| match usize::try_from(value) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(Ec2Error::invalid_parameter(format!(
            "Value ({value}) for parameter {name} is invalid. The value must be a positive number."
        ))),
    };
    let counts = (positive("minCount", least)?, positive("maxCount", most)?.min(MOST));
    if counts.0 > MOST {
        return Err(Ec2Error::new(
            "InstanceLimitExceeded",
            format!("You have requested more instances ({least}) than are launched by one request ({MOST})."),
        ));
    }
    if least > most {
        return Err(Ec2Error::invalid_parameter(format!(
            "Value ({least}) for parameter minCount is invalid. The minimum must not be more than the maximum, {most}."
        )));
    }
    Ok(counts)
}

/// Where there is no room for all, there may be room for some.
const NO_ROOM: [&str; 2] = ["InsufficientFreeAddressesInSubnet", capacity::INSUFFICIENT];

/// How many instances there is room for, in their pool and in their subnet; fewer than were just tried.
fn room(cx: &Context, plan: &Plan, tried: usize) -> usize {
    let subnet = plan.site.subnet().and_then(|subnet| cx.subnets.index().get(&subnet.id));
    let free = subnet.map_or(usize::MAX, |subnet| usize::try_from(subnet.state.free_addresses()).unwrap_or(0));
    free.min(cx.capacity.room(&plan.pool).saturating_add(seats::room(cx, &plan.instance, plan.spot.is_some())))
        .min(tried - 1)
}

pub(super) fn plan(cx: &Context, order: &Order, image: &ImageState) -> Ec2Result<Plan> {
    let input = &order.request;
    let (image, uefi_data) = (&image.public, &image.uefi_data);
    let (info, zones) = image::instance_type(cx, input.instance_type.as_deref())?;
    image::check(image, &info)?;
    let terms = market::read(cx, order)?;
    let market = if terms.is_some() { Market::Spot } else { Market::OnDemand };
    let zones = capacity::preferred(cx, zones, info.instance_type(), market, input.max_count());
    let mut kinds = vec![&InstanceState::KIND, &VolumeState::KIND, &NetworkInterfaceState::KIND];
    // What a template says for Spot Instances does not matter to others.
    kinds.push(&SpotRequestState::KIND);
    let tags = |kind| tags_for(kind, &kinds, &input.tag_specifications);
    let interface_tags = tags(&NetworkInterfaceState::KIND)?;
    let (interfaces, site) = match Site::classic(cx, input, &info, &zones)? {
        Some(classic) => (Vec::new(), classic),
        None => {
            let (interfaces, subnet) = interfaces::read(cx, input, &info, &zones, &interface_tags)?;
            (interfaces, Site::Subnet(subnet))
        }
    };
    place::check_offered(site.zone(), info.instance_type(), &zones)?;
    let zone = cx.facts.zone(site.zone()).ok_or_else(Ec2Error::internal)?;
    let spot_tags = tags(&SpotRequestState::KIND)?;
    let spot = terms.map(|terms| market::spot(cx, terms, image, &info, zone, spot_tags)).transpose()?;
    let pool = Pool::new(zone.name, info.instance_type(), market);

    let volume_tags = tags(&VolumeState::KIND)?;
    let mappings = devices::merge(image, &input.block_device_mappings)?;
    let volumes = mappings.iter().map(|mapping| volume_launch::prepare(cx, mapping, zone, volume_tags.clone()));
    let volumes = volumes.collect::<Ec2Result<Vec<_>>>()?;

    let mut instance_tags = tags(&InstanceState::KIND)?;
    instance_tags.extend(order.marks.iter().cloned());
    let mut instance = Instance { tags: instance_tags, ..instance(cx, input, image, &info, &site, zone)? };
    let tenancy = instance.placement.clone().unwrap_or_default();
    let group = group::read(cx, input, &info, tenancy.tenancy())?;
    if let (Some(Group { group, .. }), Some(placement)) = (&group, &mut instance.placement) {
        placement.group_name.clone_from(&group.state.public.group_name);
        placement.group_id = Some(group.id.to_string());
    }
    check_hibernation_root(&instance, &volumes)?;
    let private = Private {
        reservation_id: String::new(),
        user_data: options::user_data(input.user_data.as_deref())?,
        disable_api_termination: input.disable_api_termination(),
        disable_api_stop: input.disable_api_stop(),
        shutdown_behavior: input.instance_initiated_shutdown_behavior.clone().unwrap_or_else(|| "stop".to_owned()),
        cpu_credits: options::credits(
            cx,
            input.credit_specification.as_ref().map(CreditSpecificationRequest::cpu_credits),
            &info,
        )?,
        created: cx.shell.clock.now(),
        fleet: order.fleet.clone(),
        uefi_data: Some(uefi_data.clone()).filter(|data| !data.is_empty()),
        ..Private::default()
    };
    Ok(Plan { instance, private, volumes, interfaces, site, group, pool, zones, zone, spot })
}

/// The instance but for its id and what follows from that.
fn instance(
    cx: &Context,
    input: &RunInstancesRequest,
    image: &Image,
    info: &InstanceTypeInfo,
    site: &Site,
    zone: &Zone,
) -> Ec2Result<Instance> {
    let subnet = site.subnet().map(|subnet| &subnet.state.public);
    let now = cx.shell.clock.now();
    if let Some(name) = input.key_name.as_deref().filter(|name| !name.is_empty()) {
        let pair = key_pairs::named(cx, name)?;
        if image.platform() == "windows" && pair.state.public.key_type() == "ed25519" {
            return Err(Ec2Error::invalid_combination("ED25519 key pairs are not supported with Windows AMIs."));
        }
    }
    if input.additional_info.is_some() {
        return Err(Ec2Error::unsupported("The parameter AdditionalInfo is reserved."));
    }
    let paravirtual = image.virtualization_type() == "paravirtual";
    if !paravirtual && (input.kernel_id.is_some() || input.ramdisk_id.is_some()) {
        return Err(Ec2Error::invalid_combination(
            "Kernel and RAM disk IDs may be specified only for paravirtual AMIs.",
        ));
    }
    for id in input.kernel_id.iter().chain(&input.ramdisk_id) {
        images::launchable(cx, id)?;
    }
    let ebs_optimized = input.ebs_optimized();
    if ebs_optimized && info.ebs_info.as_ref().is_some_and(|ebs| ebs.ebs_optimized_support() == "unsupported") {
        return Err(Ec2Error::unsupported(format!(
            "EBS-optimized instances are not supported for the instance type '{}'.",
            info.instance_type()
        )));
    }
    let profile = input.iam_instance_profile.as_ref().map(|wanted| options::profile(cx, wanted)).transpose()?;
    let enclave = options::enclave(input, info)?;
    let defaults = account_settings::metadata(cx, options::default_metadata(image));
    let metadata = options::metadata(&input.metadata_options.clone().unwrap_or_default(), &defaults)?;
    account_settings::check_tokens(cx, &metadata)?;
    let monitored = input.monitoring.is_some_and(|monitoring| monitoring.enabled());
    let text = |text: &str| Some(text.to_owned());
    let pending = StateReason { code: text("pending"), message: text("pending") };
    Ok(Instance {
        architecture: image.architecture.clone(),
        client_token: Some(input.client_token.clone().unwrap_or_default()),
        ebs_optimized: Some(ebs_optimized),
        ena_support: image.ena_support.filter(|ena| *ena),
        hypervisor: image.hypervisor.clone().or_else(|| text("xen")),
        iam_instance_profile: profile.flatten(),
        root_device_name: image.root_device_name.clone(),
        root_device_type: image.root_device_type.clone(),
        sriov_net_support: image.sriov_net_support.clone(),
        state_reason: Some(pending),
        virtualization_type: image.virtualization_type.clone().or_else(|| text("hvm")),
        cpu_options: Some(options::cpu(input.cpu_options.as_ref(), info)?),
        capacity_reservation_specification: Some(options::capacity(cx, input)?),
        hibernation_options: Some(options::hibernation(input, info, enclave)?),
        licenses: options::licenses(input)?,
        metadata_options: Some(metadata),
        enclave_options: Some(enclave),
        boot_mode: image.boot_mode.clone(),
        current_instance_boot_mode: text(image::boot_mode(image, info)),
        platform_details: image.platform_details.clone(),
        usage_operation: image.usage_operation.clone(),
        usage_operation_update_time: Some(now),
        private_dns_name_options: subnet.map(|subnet| options::dns_names(input, subnet)),
        tpm_support: image.tpm_support.clone(),
        maintenance_options: Some(options::maintenance(input)),
        network_performance_options: Some(options::bandwidth(input, info)?),
        operator: Some(OperatorResponse { managed: Some(false), ..OperatorResponse::default() }),
        image_id: image.image_id.clone(),
        state: Some(Phase::Pending.public()),
        state_transition_reason: text(""),
        key_name: input.key_name.clone().filter(|name| !name.is_empty()),
        product_codes: image.product_codes.clone(),
        instance_type: info.instance_type.clone(),
        launch_time: Some(now),
        placement: Some(place::placement(cx, input, zone, subnet)?),
        kernel_id: input.kernel_id.clone().or_else(|| image.kernel_id.clone()),
        ramdisk_id: input.ramdisk_id.clone().or_else(|| image.ramdisk_id.clone()),
        platform: image.platform.clone(),
        monitoring: Some(Monitoring { state: text(if monitored { "enabled" } else { "disabled" }) }),
        subnet_id: subnet.and_then(|subnet| subnet.subnet_id.clone()),
        vpc_id: subnet.and_then(|subnet| subnet.vpc_id.clone()),
        ..Instance::default()
    })
}

fn check_hibernation_root(instance: &Instance, volumes: &[VolumeTemplate]) -> Ec2Result<()> {
    let configured = instance.hibernation_options.unwrap_or_default().configured();
    let root = volumes.iter().find(|volume| volume.device() == instance.root_device_name());
    if configured && !root.is_some_and(VolumeTemplate::encrypted) {
        return Err(Ec2Error::new(
            "UnsupportedHibernationConfiguration",
            "Hibernation requires an encrypted EBS root volume.",
        ));
    }
    Ok(())
}

/// Makes `count` instances, all or none.
async fn launch(cx: &Context, undo: &mut Undo, order: &Order, plan: &Plan, count: usize) -> Ec2Result<Reservation> {
    let now = cx.shell.clock.now();
    let settles = now + cx.shell.lifecycle.duration(Transition::InstanceLaunch);
    capacity::check_power(cx, &plan.pool, count, &plan.zones)?;
    let ids: Vec<Id> = (0..count).map(|_| cx.instances.fresh_id()).collect();
    let partitions = group::join(cx, undo, plan.group.as_ref(), &ids, plan.zone.name).await?;
    let lifecycle = plan.spot.as_ref().map(|_| "spot".to_owned());
    let seated = Instance { instance_lifecycle: lifecycle, ..plan.instance.clone() };
    let seats = seats::take(cx, undo, &seated, &ids).await?;
    // Those that run in a reservation have its places.
    let placed: Vec<_> =
        ids.iter().zip(&seats).filter(|(_, seat)| !seat.is_reserved()).map(|(id, _)| id.clone()).collect();
    capacity::reserve(cx, undo, &plan.pool, &placed, &plan.zones)?;
    let mut batch = cx.batch();
    if let Some(request) = &order.spot_request {
        batch.succeed(request);
    }
    let shown = add_interfaces(cx, undo, plan, &ids, &mut batch).await?;

    let reservation_id = cx.shell.ids.prefixed("r").to_string();
    let private = Private { reservation_id: reservation_id.clone(), ..plan.private.clone() };
    let mut instances = Vec::with_capacity(count);
    let places = shown.into_iter().zip(partitions).zip(seats);
    for ((id, ((interfaces, partition), seat)), index) in ids.iter().zip(places).zip(0..) {
        let mut public =
            Instance { instance_id: Some(id.to_string()), ami_launch_index: Some(index), ..plan.instance.clone() };
        seat.show(&mut public);
        if let (Some(_), Some(placement)) = (partition, &mut public.placement) {
            placement.partition_number = partition;
        }
        if let Some(spot) = &plan.spot {
            market::add(cx, order, spot, plan.zone, &mut public, &mut batch, now)?;
        }
        let classic = plan.site.move_in(cx, undo)?;
        instances.push(answer(row::view(cx, &public, classic.as_ref(), Vec::new(), interfaces)));
        let profile = public.iam_instance_profile.as_ref().map(|_| Association::new(cx));
        let private = Private { profile, classic, ..private.clone() };
        batch.create(&cx.instances, id, InstanceState::new(public, private, settles))?;
        add_volumes(cx, plan, id, now, &mut batch)?;
    }
    let response = Reservation {
        reservation_id: Some(reservation_id),
        owner_id: Some(cx.account.to_string()),
        groups: plan.site.groups(),
        instances,
        ..Reservation::default()
    };
    let response = cx.commit(batch, response).await?;
    outage::overtaken(&cx.region, plan.zone.name, ids.iter()).await;
    Ok(response)
}

fn add_volumes(cx: &Context, plan: &Plan, instance: &Id, now: Millis, batch: &mut Batch) -> Ec2Result<()> {
    for template in &plan.volumes {
        let id = cx.volumes.fresh_id();
        batch.create(&cx.volumes, &id, template.volume(&id, instance, now))?;
    }
    Ok(())
}

/// The interfaces of each instance, as its description shows them.
pub(super) async fn add_interfaces(
    cx: &Context,
    undo: &mut Undo,
    plan: &Plan,
    ids: &[Id],
    batch: &mut Batch,
) -> Ec2Result<Vec<Vec<InstanceNetworkInterface>>> {
    let mut shown: Vec<Vec<InstanceNetworkInterface>> = ids.iter().map(|_| Vec::new()).collect();
    for wanted in &plan.interfaces {
        match wanted {
            Wanted::New(new) => {
                let prepared = interface_launch::prepare(cx, undo, new, ids).await?;
                for (of, (id, state)) in shown.iter_mut().zip(prepared) {
                    let published = unpublished(cx, id, state);
                    of.push(network_interfaces::instance_view(cx, &published));
                    batch.create(&cx.network_interfaces, &published.id, published.state)?;
                }
            }
            Wanted::Existing { interface, device_index, network_card_index } => {
                let attachment = Attachment {
                    id: cx.shell.ids.prefixed("eni-attach"),
                    instance: ids[0].clone(),
                    instance_owner: cx.account.to_string(),
                    device_index: *device_index,
                    network_card_index: *network_card_index,
                    delete_on_termination: false,
                    ena_srd: None,
                };
                let attach = NetworkInterfaceCommand::Attach(attachment);
                let attached = network_interfaces::command(cx, &interface.id, attach).await?;
                let (cx_undo, id) = (cx.clone(), interface.id.clone());
                undo.push(async move {
                    let _ = network_interfaces::command(&cx_undo, &id, NetworkInterfaceCommand::InstanceGone).await;
                });
                shown[0].push(network_interfaces::instance_view(cx, &attached));
            }
        }
    }
    Ok(shown)
}

/// A state that is about to be published, in the form in which the views read states.
fn unpublished(cx: &Context, id: Id, state: NetworkInterfaceState) -> Published<NetworkInterfaceState> {
    Published { id, account: cx.account.clone(), sequence: 0, state, dependents: OrdSet::new() }
}

/// What takes effect while the instance starts is pending in the answer.
fn answer(mut shown: Instance) -> Instance {
    let pending = || Some("pending".to_owned());
    if let Some(monitoring) = shown.monitoring.as_mut().filter(|monitoring| monitoring.state() == "enabled") {
        monitoring.state = pending();
    }
    if let Some(options) = &mut shown.metadata_options {
        options.state = pending();
    }
    shown
}

/// An image's owner sees when it was last launched.
async fn launched(cx: &Context, image: &Published<ImageState>) {
    if *image.account == *cx.account {
        let now = jiff::Timestamp::from_millisecond(cx.shell.clock.now()).unwrap_or_default();
        let _ = cx.images.ask(&image.id, ImageCommand::Launched(format!("{now:.3}"))).await;
    }
}
