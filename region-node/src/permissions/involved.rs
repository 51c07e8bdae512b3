//! The zones that a request concerns, and the tags of what it names or creates: for faults that strike by these. A request
//! that names nothing, such as a describe of everything, concerns no zone.

use std::collections::BTreeSet;

use archipelago_proto::Ec2Result;
use archipelago_proto::cluster::v1::{InvolvedResponse, InvolvedTag, InvolvedZone};
use archipelago_proto::regions::Zone;
use prost_reflect::DynamicMessage;

use super::look::{By, look};
use super::message::{self, texts};
use super::tags::{self, RequestTags};
use super::{kinds, launch, mentions};
use crate::request::{Context, Desk};

/// From an address to its interface, from there to its instance or its subnet.
const FARTHEST: usize = 3;

pub(super) async fn of(desk: &Desk, cx: &Context, action: &str, input: &[u8]) -> Ec2Result<InvolvedResponse> {
    let asked = message::decode(message::action(action)?.input(), input)?;
    // With what a launch template adds.
    let request = launch::in_full(cx, action, input).unwrap_or(asked);
    let mut zones = BTreeSet::new();
    let mut tags: BTreeSet<(String, String)> = BTreeSet::new();
    for text in named(&request) {
        zones.extend(cx.facts.zone(&text).map(|zone| zone.name));
        let Some((_, id)) = cx.shell.registry().named(&text) else { continue };
        zones_of(cx, &id, 0, &mut zones);
        let tagged = cx.shell.tags.of(&cx.account);
        for tagged in [&text, id.as_str()].into_iter().filter_map(|id| tagged.get(id)) {
            tags.extend(tagged.tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())));
        }
    }
    for mention in mentions::of(&request) {
        let Some(kind) = mention.names(|_| true).and_then(kinds::of) else { continue };
        if let Some(found) = look(desk, cx, kind, &By::Name(mention.text)).await {
            tags.extend(tags::at(&found, "tags"));
        }
    }
    tags.extend(RequestTags::of(&request).specified.into_iter().flat_map(|(_, tags)| tags));
    let zones = zones.into_iter().filter_map(|name| cx.facts.zone(name));
    let zones = zones.map(|zone| InvolvedZone { name: zone.name.to_owned(), id: zone.id.to_owned() });
    let tags = tags.into_iter().map(|(key, value)| InvolvedTag { key, value });
    Ok(InvolvedResponse { zones: zones.collect(), tags: tags.collect() })
}

/// What may be an id or a zone: the values of parameters and of filters. Spot requests name several zones in one.
fn named(request: &DynamicMessage) -> BTreeSet<String> {
    let mentioned = mentions::of(request).into_iter().map(|mention| mention.text);
    let filtered = texts(request, "filters.values");
    let all = mentioned.chain(filtered);
    all.flat_map(|text| text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>()).collect()
}

/// The zone that a resource is in, or those of what it is in.
fn zones_of(cx: &Context, id: &str, steps: usize, zones: &mut BTreeSet<&'static str>) {
    let Some(host) = cx.shell.registry().host(id).filter(|host| host.has(&cx.account, id)) else { return };
    if let Some(zone) = own_zone(cx, id) {
        zones.insert(zone.name);
        return;
    }
    let leads_on = |link: &str| {
        matches!(cx.shell.registry().named(link), Some(("subnet" | "network-interface" | "instance" | "volume", _)))
    };
    if steps < FARTHEST {
        for link in host.links(id).iter().filter(|link| leads_on(link)) {
            zones_of(cx, link, steps + 1, zones);
        }
    }
}

fn own_zone(cx: &Context, id: &str) -> Option<&'static Zone> {
    let subnet = || Some(cx.subnets.index().get(id)?.state.public.availability_zone().to_owned());
    let volume = || Some(cx.volumes.index().get(id)?.state.public.availability_zone().to_owned());
    let instance = || Some(cx.instances.index().get(id)?.state.pool().zone.to_string());
    let host = || Some(cx.hosts.index().get(id)?.state.public.availability_zone().to_owned());
    let reservation = || Some(cx.capacity_reservations.index().get(id)?.state.public.availability_zone().to_owned());
    let name = subnet().or_else(volume).or_else(instance).or_else(host).or_else(reservation)?;
    cx.facts.zone(&name)
}
