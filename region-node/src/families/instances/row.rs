//! An instance as describes show it: joined with its volumes, its interfaces and their addresses.

use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};

use archipelago_proto::ec2::v1::{
    GroupIdentifier, Instance, InstanceBlockDeviceMapping, InstanceNetworkInterface, NetworkInterface,
    NetworkInterfaceAssociation, Tag,
};

use super::classic::{self, Classic};
use super::state::InstanceState;
use crate::entity::{Id, Published};
use crate::families::network_interfaces::{self, NetworkInterfaceState};
use crate::families::volumes;
use crate::request::{Context, Row};

/// What belongs to the instance is looked up when a filter or the view first needs it.
pub(super) struct InstanceRow {
    cx: Context,
    pub(super) published: Arc<Published<InstanceState>>,
    volumes: OnceLock<Vec<InstanceBlockDeviceMapping>>,
    interfaces: OnceLock<Vec<NetworkInterface>>,
}

impl Row for InstanceRow {
    fn id(&self) -> &str {
        &self.published.id
    }

    fn tags(&self) -> &[Tag] {
        &self.published.state.public.tags
    }
}

impl InstanceRow {
    pub(super) fn new(cx: &Context, published: Arc<Published<InstanceState>>) -> Self {
        Self { cx: cx.clone(), published, volumes: OnceLock::new(), interfaces: OnceLock::new() }
    }

    pub(super) fn public(&self) -> &Instance {
        &self.published.state.public
    }

    pub(super) fn volumes(&self) -> &[InstanceBlockDeviceMapping] {
        self.volumes.get_or_init(|| {
            let id = &self.published.id;
            let attached = volumes::of_instance(&self.cx.region, id);
            attached.iter().filter_map(|volume| volumes::instance_view(volume, id)).collect()
        })
    }

    /// Its interfaces with their associations, the primary one first.
    pub(super) fn interfaces(&self) -> &[NetworkInterface] {
        self.interfaces.get_or_init(|| {
            let attached = attached_interfaces(&self.cx, &self.published.id);
            attached.iter().map(|interface| network_interfaces::view(&self.cx, interface)).collect()
        })
    }

    pub(super) fn primary(&self) -> Option<&NetworkInterface> {
        self.interfaces().first()
    }

    pub(super) fn associations(&self) -> impl Iterator<Item = &NetworkInterfaceAssociation> {
        self.interfaces().iter().filter_map(|interface| interface.association.as_ref())
    }

    /// The groups that it has in EC2-Classic, or those of its interfaces.
    pub(super) fn groups(&self) -> impl Iterator<Item = &GroupIdentifier> {
        let classic = self.classic().into_iter().flat_map(|classic| &classic.groups);
        self.interfaces().iter().flat_map(|interface| &interface.groups).chain(classic)
    }

    pub(super) fn classic(&self) -> Option<&Classic> {
        self.published.state.private.classic.as_ref()
    }

    pub(super) fn private_ip(&self) -> Option<&str> {
        let classic = self.classic().and_then(|classic| classic.private_ip.as_deref());
        classic.or_else(|| self.primary().and_then(|interface| interface.private_ip_address.as_deref()))
    }

    /// In EC2-Classic, where no interface has it.
    pub(super) fn classic_public_ip(&self) -> Option<Ipv4Addr> {
        self.classic().and_then(|classic| classic::public_ip(&self.cx, classic, &self.published.id))
    }

    /// That of its classic address.
    pub(super) fn classic_public_name(&self) -> Option<String> {
        self.classic_public_ip().map(|address| network_interfaces::public_name(self.cx.facts, address))
    }

    pub(super) fn private_dns_name(&self) -> Option<String> {
        if let Some(classic) = self.classic() {
            let address = classic.private_ip.as_deref().and_then(|address| address.parse().ok());
            return address.map(|address| network_interfaces::private_name(self.cx.facts.name, address));
        }
        let primary = self.primary()?;
        private_dns_name(&self.cx, self.public(), primary.private_dns_name.as_deref())
    }

    pub(super) fn into_view(self) -> Instance {
        let attached = attached_interfaces(&self.cx, &self.published.id);
        let interfaces = attached.iter().map(|interface| network_interfaces::instance_view(&self.cx, interface));
        let interfaces = interfaces.collect();
        self.volumes();
        let volumes = self.volumes.into_inner().unwrap_or_default();
        let state = &self.published.state;
        view(&self.cx, &state.public, state.private.classic.as_ref(), volumes, interfaces)
    }
}

/// The interfaces of an instance in the order of their places, the primary one first.
pub(super) fn attached_interfaces(cx: &Context, id: &Id) -> Vec<Arc<Published<NetworkInterfaceState>>> {
    let mut attached: Vec<_> = cx.network_interfaces.linked_to(id).values().cloned().collect();
    attached.sort_by_key(|interface| {
        let attachment = interface.state.public.attachment.as_ref();
        attachment.map_or((0, 0), |attachment| (attachment.network_card_index(), attachment.device_index()))
    });
    attached
}

/// Joins an instance's own facts with those of what is attached to it; the primary interface comes first.
pub(super) fn view(
    cx: &Context,
    public: &Instance,
    classic: Option<&Classic>,
    volumes: Vec<InstanceBlockDeviceMapping>,
    interfaces: Vec<InstanceNetworkInterface>,
) -> Instance {
    let mut shown = public.clone();
    // AWS writes these even where there is nothing to tell.
    (shown.private_dns_name, shown.public_dns_name) = (Some(String::new()), Some(String::new()));
    if let Some(primary) = interfaces.first() {
        let name = private_dns_name(cx, public, primary.private_dns_name.as_deref());
        shown.private_dns_name = Some(name.unwrap_or_default());
        shown.private_ip_address.clone_from(&primary.private_ip_address);
        shown.source_dest_check = primary.source_dest_check;
        shown.security_groups.clone_from(&primary.groups);
        shown.ipv6_address = primary.ipv6_addresses.first().and_then(|address| address.ipv6_address.clone());
        if let Some(association) = &primary.association {
            shown.public_ip_address.clone_from(&association.public_ip);
            shown.public_dns_name = Some(association.public_dns_name().to_owned());
        }
    }
    if let Some(classic) = classic {
        classic::show(cx, classic, &mut shown);
    }
    shown.block_device_mappings = volumes;
    shown.network_interfaces = interfaces;
    shown
}

/// `ip-10-0-0-1.ec2.internal`, or named after the instance where it is launched so (AWS: "Hostname types").
fn private_dns_name(cx: &Context, public: &Instance, ip_name: Option<&str>) -> Option<String> {
    let ip_name = ip_name?;
    let options = public.private_dns_name_options.as_ref();
    if options.is_some_and(|options| options.hostname_type() == "resource-name") {
        let domain = match cx.facts.name {
            "us-east-1" => "ec2.internal".to_owned(),
            region => format!("{region}.compute.internal"),
        };
        return Some(format!("{}.{domain}", public.instance_id()));
    }
    Some(ip_name.to_owned())
}
