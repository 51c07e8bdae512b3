//! The composition of a region: every part is named here, once.

use std::sync::Arc;
use std::time::Duration;

use archipelago_proto::Ec2Result;
use archipelago_proto::regions;

use crate::capacity::Capacity;
use crate::entity::{AnyHost, Entity, Host, Ids, Published, Registry, Shell};
use crate::families;
use crate::families::import_export::TaskState;
use crate::metering::Meters;
use crate::outages::Outages;
use crate::peer::Peers;
use crate::platforms::Platforms;
use crate::request::{Context, Tokens};
use crate::store::{Keep, Store, StoreError};
use crate::time::{Clock, Lifecycle};

/// How often idle actors are looked for; one that is idle for two rounds goes.
const SWEEP: Duration = Duration::from_secs(5);

macro_rules! region {
    ($($(#[$doc:meta])* $host:ident: $state:path),* $(,)?) => {
        pub struct Region {
            pub facts: &'static regions::Region,
            pub shell: Arc<Shell>,
            pub tokens: Tokens,
            /// The nodes of other regions.
            pub peers: Arc<dyn Peers>,
            pub(crate) meters: Meters,
            /// Held by every request; an import waits for all of them, and they for it.
            pub(crate) gate: tokio::sync::RwLock<()>,
            /// Held while an account's first resources are made.
            pub(crate) settling: tokio::sync::Mutex<()>,
            /// The IPv6 blocks that VPCs can have from Amazon.
            pub(crate) ipv6_pool: families::vpcs::Ipv6Pool,
            /// The public IPv4 addresses that interfaces borrow, and elastic ones.
            pub(crate) public_addresses: families::network_interfaces::PublicPool,
            /// The IPv6 blocks that IPAM pools can have from Amazon.
            pub(crate) ipam_blocks: families::ipam::AmazonBlocks,
            /// Where there is room for instances.
            pub capacity: Capacity,
            /// The zones that have no power.
            pub dark_zones: Arc<Outages>,
            /// The regions to which the line is cut.
            pub cut_lines: Outages,
            /// Which accounts have EC2-Classic.
            pub platforms: Platforms,
            /// The private addresses of EC2-Classic.
            pub(crate) classic_addresses: families::instances::ClassicPool,
            $($(#[$doc])* pub $host: Host<$state>,)*
        }

        impl Region {
            fn compose(facts: &'static regions::Region, shell: Arc<Shell>, peers: Arc<dyn Peers>) -> Arc<Self> {
                $(let $host = Host::<$state>::new(&shell);)*
                let hosts: Vec<Box<dyn AnyHost>> = vec![$(Box::new($host.clone())),*];
                let _ = shell.registry.set(Registry::new(hosts));
                let dark_zones = Arc::new(Outages::of_zones());
                Arc::new(Self {
                    facts,
                    shell,
                    peers,
                    tokens: Tokens::default(),
                    meters: Meters::default(),
                    gate: tokio::sync::RwLock::default(),
                    settling: tokio::sync::Mutex::default(),
                    ipv6_pool: families::vpcs::Ipv6Pool::new(facts),
                    public_addresses: families::network_interfaces::PublicPool::new(facts),
                    ipam_blocks: families::ipam::AmazonBlocks::new(facts),
                    capacity: Capacity::of(Arc::clone(&dark_zones)),
                    dark_zones,
                    cut_lines: Outages::of_lines(),
                    platforms: Platforms::default(),
                    classic_addresses: families::instances::ClassicPool::default(),
                    $($host),*
                })
            }
        }
    };
}

region! {
    accounts: families::accounts::AccountState,
    key_pairs: families::key_pairs::KeyPairState,
    dhcp_options: families::dhcp_options::DhcpOptionsState,
    ipams: families::ipam::IpamState,
    ipam_scopes: families::ipam::ScopeState,
    ipam_pools: families::ipam::PoolState,
    vpcs: families::vpcs::VpcState,
    subnets: families::subnets::SubnetState,
    security_groups: families::security_groups::SecurityGroupState,
    network_acls: families::network_acls::NetworkAclState,
    prefix_lists: families::prefix_lists::PrefixListState,
    internet_gateways: families::internet_gateways::InternetGatewayState,
    route_tables: families::route_tables::RouteTableState,
    snapshots: families::snapshots::SnapshotState,
    fast_restores: families::fast_snapshot_restores::FastRestoreState,
    images: families::images::ImageState,
    volumes: families::volumes::VolumeState,
    network_interfaces: families::network_interfaces::NetworkInterfaceState,
    addresses: families::addresses::AddressState,
    vpc_peering_connections: families::vpc_peering::VpcPeeringState,
    transit_gateways: families::transit_gateways::TransitGatewayState,
    transit_gateway_route_tables: families::transit_gateways::TransitGatewayRouteTableState,
    transit_gateway_attachments: families::transit_gateways::AttachmentState,
    transit_gateway_connect_peers: families::transit_gateways::ConnectPeerState,
    transit_gateway_multicast_domains: families::transit_gateways::MulticastDomainState,
    transit_gateway_policy_tables: families::transit_gateways::PolicyTableState,
    nat_gateways: families::nat_gateways::NatGatewayState,
    egress_only_internet_gateways: families::egress_only_internet_gateways::EgressOnlyInternetGatewayState,
    carrier_gateways: families::carrier_gateways::CarrierGatewayState,
    customer_gateways: families::vpn::CustomerGatewayState,
    vpn_gateways: families::vpn::VpnGatewayState,
    vpn_connections: families::vpn::VpnConnectionState,
    traffic_mirror_filters: families::traffic_mirroring::MirrorFilterState,
    traffic_mirror_targets: families::traffic_mirroring::MirrorTargetState,
    traffic_mirror_sessions: families::traffic_mirroring::MirrorSessionState,
    instance_connect_endpoints: families::instance_connect_endpoints::ConnectEndpointState,
    vpc_block_public_access_exclusions: families::vpc_block_public_access::ExclusionState,
    flow_logs: families::flow_logs::FlowLogState,
    vpc_endpoint_services: families::vpc_endpoint_services::EndpointServiceState,
    vpc_endpoints: families::vpc_endpoints::VpcEndpointState,
    vpc_endpoint_notifications: families::vpc_endpoints::NotificationState,
    capacity_reservations: families::capacity_reservations::CapacityReservationState,
    hosts: families::hosts::HostState,
    fleets: families::fleets::FleetState<false>,
    spot_fleets: families::fleets::FleetState<true>,
    spot_requests: families::spot_market::SpotRequestState,
    spot_datafeeds: families::spot::DatafeedState,
    placement_groups: families::placement_groups::PlacementGroupState,
    launch_templates: families::launch_templates::LaunchTemplateState,
    instances: families::instances::InstanceState,
    network_insights_paths: families::network_insights::PathState,
    network_insights_analyses: families::network_insights::AnalysisState,
    client_vpn_endpoints: families::client_vpn::ClientVpnState,
    route_servers: families::route_servers::RouteServerState,
    route_server_endpoints: families::route_servers::RouteServerEndpointState,
    route_server_peers: families::route_servers::RouteServerPeerState,
    event_windows: families::instance_event_windows::EventWindowState,
    bundle_tasks: families::bundle_tasks::BundleTaskState,
    conversions: TaskState<families::import_export::Conversion>,
    image_imports: TaskState<families::import_export::ImageImport>,
    snapshot_imports: TaskState<families::import_export::SnapshotImport>,
    instance_exports: TaskState<families::import_export::InstanceExport>,
    image_exports: TaskState<families::import_export::ImageExport>,
    reserved_instances: families::reserved_instances::ReservedInstancesState,
    reserved_modifications: families::reserved_instances::ModificationState,
    reserved_listings: families::reserved_instances::ListingState,
}

impl Region {
    /// Opens a region: what its store holds is back, its alarms are set, and what was under way goes on.
    pub async fn open(
        facts: &'static regions::Region,
        clock: Arc<Clock>,
        lifecycle: Lifecycle,
        ids: Ids,
        store: Store,
        peers: Arc<dyn Peers>,
    ) -> Result<Arc<Self>, StoreError> {
        let region = Self::compose(facts, Arc::new(Shell::new(facts.name, clock, lifecycle, ids, store)), peers);
        region.wire();
        region.restore().await?;
        let weak = Arc::downgrade(&region);
        tokio::spawn(async move {
            if let Some(region) = weak.upgrade() {
                region.shell.scheduler.run(region.shell.registry()).await;
            }
        });
        let weak = Arc::downgrade(&region);
        tokio::spawn(async move {
            let mut round = tokio::time::interval(SWEEP);
            loop {
                round.tick().await;
                let Some(region) = weak.upgrade() else { return };
                region.tidy().await;
            }
        });
        Ok(region)
    }

    /// Says what carries out the intents of each kind that has some.
    fn wire(self: &Arc<Self>) {
        self.follow(&self.instances, families::follow_instance);
        self.follow(&self.network_interfaces, families::addresses::follow);
        self.follow(&self.spot_requests, families::spot::follow);
        self.follow(&self.fleets, families::fleets::follow);
        self.follow(&self.spot_fleets, families::fleets::follow);
        self.follow(&self.addresses, families::follow_address);
        self.follow(&self.nat_gateways, families::nat_gateways::follow);
        self.follow(&self.vpc_endpoints, families::vpc_endpoints::follow);
        self.follow(&self.instance_connect_endpoints, families::instance_connect_endpoints::follow);
        self.follow(&self.snapshots, families::follow_snapshot);
        self.follow(&self.images, families::follow_image);
        self.follow(&self.transit_gateway_attachments, families::transit_gateways::follow_attachment);
        self.follow(&self.transit_gateways, families::transit_gateways::follow);
        self.follow(&self.vpc_peering_connections, families::vpc_peering::follow);
        self.follow(&self.capacity_reservations, families::follow_reservation);
        self.follow(&self.ipams, families::ipam::follow);
        self.follow(&self.ipam_pools, families::ipam::follow_pool);
        self.follow(&self.client_vpn_endpoints, families::client_vpn::follow);
        self.follow(&self.route_server_endpoints, families::route_servers::follow);
        self.follow(&self.conversions, families::import_export::follow_conversion);
        self.follow(&self.image_imports, families::import_export::follow_image);
        self.follow(&self.snapshot_imports, families::import_export::follow_snapshot);
        self.follow(&self.reserved_modifications, families::reserved_instances::follow_modification);
        self.follow(&self.reserved_listings, families::reserved_instances::follow_listing);
    }

    /// Sets a kind's follower. It holds the region weakly, since the region holds it.
    fn follow<E: Entity, F: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        host: &Host<E>,
        follower: fn(Arc<Self>, Arc<Published<E>>) -> F,
    ) {
        let region = Arc::downgrade(self);
        host.follow(Box::new(move |published| {
            let region = region.upgrade();
            Box::pin(async move {
                if let Some(region) = region {
                    follower(region, published).await;
                }
            })
        }));
    }

    async fn restore(self: &Arc<Self>) -> Result<(), StoreError> {
        let registry = self.shell.registry();
        families::images::stock(self);
        families::prefix_lists::stock(self);
        let mut lost = None;
        self.shell.store.load(&mut |key, bytes| {
            if !self.put_back(key, bytes) {
                lost = Some(key.to_owned());
            }
        })?;
        registry.relink();
        self.rebuild().await;
        self.resume();
        lost.map_or(Ok(()), |key| Err(StoreError(format!("the record {key} cannot be read"))))
    }

    /// What is kept beside the entities.
    pub(crate) fn keeps(&self) -> [&dyn Keep; 6] {
        let shell = &self.shell;
        [&self.tokens, &self.capacity, &shell.consistency, &shell.quotas, &*self.dark_zones, &self.cut_lines]
    }

    /// Brings a record back; false if it cannot be read.
    pub(crate) fn put_back(&self, key: &str, bytes: &[u8]) -> bool {
        let Some((word, rest)) = key.split_once('/') else { return false };
        match self.keeps().into_iter().find(|keep| keep.word() == word) {
            Some(keep) => keep.restore(rest, bytes),
            None => self.shell.registry().restore(word, rest, bytes),
        }
    }

    /// Once everything is back: makes again what is derived.
    pub(crate) async fn rebuild(self: &Arc<Self>) {
        self.tokens.restored();
        self.shell.ids.go_on_from(self.shell.sequence());
        families::rebuild(self).await;
        self.shell.quotas.turn(&self.shell);
    }

    /// Goes on with what was under way, and asks other regions how far they are.
    pub(crate) fn resume(self: &Arc<Self>) {
        families::reconcile(self);
        self.shell.registry().hosts().for_each(AnyHost::resume);
    }

    /// An account has what AWS gives it from its first call on.
    pub(crate) async fn settle_account(cx: &Context) -> Ec2Result<()> {
        families::accounts::settle(cx).await
    }

    /// Forgets the resources of one account, or of all.
    pub async fn reset(&self, account: Option<&str>) -> Ec2Result<()> {
        let mut writes = self.tokens.forget_of(account);
        let public_addresses = families::public_addresses(self, account);
        let ipv6_blocks = families::vpcs::ipv6_blocks(self, account);
        let ipam_blocks = families::ipam::amazons_blocks(self, account);
        for host in self.shell.registry().hosts() {
            writes.extend(host.forget(account));
        }
        families::instances::count(self);
        families::instances::claim_classic_addresses(self);
        public_addresses.into_iter().for_each(|address| self.public_addresses.give_back(address));
        ipv6_blocks.into_iter().for_each(|block| self.ipv6_pool.free(block));
        ipam_blocks.into_iter().for_each(|block| self.ipam_blocks.free(block));
        Ok(self.shell.store.commit(writes).await?)
    }

    /// Lets go of what is not needed any more: actors that are idle, client tokens that have expired.
    pub async fn tidy(&self) {
        self.shell.registry().hosts().for_each(AnyHost::sweep);
        let expired = self.tokens.prune(self.shell.clock.now());
        if let Err(error) = self.shell.store.commit(expired).await {
            // The next start brings them back, and they expire again.
            tracing::warn!(%error, "client tokens that have expired are still stored");
        }
    }

    /// Moves the region's clock ahead, with all that is due on the way.
    pub async fn advance(&self, milliseconds: i64) {
        self.shell.scheduler.advance(milliseconds, self.shell.registry()).await;
    }
}
