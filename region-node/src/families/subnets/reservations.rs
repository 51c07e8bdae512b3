//! Parts of a subnet that no address is assigned from automatically (AWS: "Subnet CIDR reservations").

use archipelago_proto::ec2::v1::{
    CreateSubnetCidrReservationRequest, CreateSubnetCidrReservationResult, DeleteSubnetCidrReservationRequest,
    DeleteSubnetCidrReservationResult, GetSubnetCidrReservationsRequest, GetSubnetCidrReservationsResult,
    SubnetCidrReservation, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{IpNet, Ipv4Net};

use super::{SubnetCommand, SubnetState};
use crate::entity::Kind;
use crate::request::{Column, Context, Describe, Row, Table, tags_for};

pub(super) const RESERVATION: Kind = Kind {
    resource_type: "subnet-cidr-reservation",
    prefix: "scr",
    not_found: "InvalidSubnetCidrReservationID.NotFound",
    malformed: "InvalidSubnetCidrReservationID.Malformed",
    noun: "subnet CIDR reservation ID",
};

impl SubnetState {
    pub(super) fn reserve(&mut self, new: SubnetCidrReservation) -> Ec2Result<()> {
        let block: IpNet = new.cidr().parse().map_err(|_| Ec2Error::internal())?;
        if !self.blocks().iter().any(|own| own.contains(&block)) {
            return Err(Ec2Error::invalid_parameter(format!(
                "The CIDR '{block}' is not within the CIDR blocks of the subnet."
            )));
        }
        let mut known = self.reservations.iter().filter_map(|known| known.cidr().parse().ok());
        if let Some(known) = known.find(|known: &IpNet| known.contains(&block) || block.contains(known)) {
            return Err(Ec2Error::invalid_parameter(format!(
                "The CIDR '{block}' overlaps with the reservation for '{known}'."
            )));
        }
        self.reservations.push(new);
        self.apply_reservations();
        Ok(())
    }

    pub(super) fn unreserve(&mut self, id: &str) -> Ec2Result<()> {
        let before = self.reservations.len();
        self.reservations.retain(|known| known.subnet_cidr_reservation_id() != id);
        if self.reservations.len() == before {
            return Err(RESERVATION.not_found(id));
        }
        self.apply_reservations();
        Ok(())
    }

    /// The IPv4 blocks that are reserved for prefixes, and those that are reserved for addresses that are asked for.
    pub fn reserved_ipv4(&self) -> (Vec<Ipv4Net>, Vec<Ipv4Net>) {
        let blocks = self
            .reservations
            .iter()
            .filter_map(|known| Some((known.reservation_type() == "prefix", known.cidr().parse::<Ipv4Net>().ok()?)));
        let (prefix, explicit): (Vec<_>, Vec<_>) = blocks.partition(|(prefix, _)| *prefix);
        let only = |blocks: Vec<(bool, Ipv4Net)>| blocks.into_iter().map(|(_, block)| block).collect();
        (only(prefix), only(explicit))
    }

    /// The addresses know what they are not to give away unasked.
    pub(super) fn apply_reservations(&mut self) {
        let blocks: Vec<_> = self.reservations.iter().filter_map(|known| known.cidr().parse().ok()).collect();
        if let Some(addresses) = &mut self.addresses {
            addresses.reserve(blocks.iter().filter_map(|block| match block {
                IpNet::V4(block) => Some(*block),
                IpNet::V6(_) => None,
            }));
        }
        if let Some(addresses) = &mut self.ipv6_addresses {
            addresses.reserved = blocks
                .iter()
                .filter_map(|block| match block {
                    IpNet::V6(block) => Some(*block),
                    IpNet::V4(_) => None,
                })
                .collect();
        }
    }
}

pub(super) async fn create_subnet_cidr_reservation(
    cx: Context,
    input: CreateSubnetCidrReservationRequest,
) -> Ec2Result<CreateSubnetCidrReservationResult> {
    let tags = tags_for(&RESERVATION, &[&RESERVATION], &input.tag_specifications)?;
    let block: IpNet = input.cidr().parse().map_err(|_| Ec2Error::invalid_value("cidr", input.cidr()))?;
    let subnet = cx.subnets.find(&cx.account, input.subnet_id())?;
    let reservation = SubnetCidrReservation {
        subnet_cidr_reservation_id: Some(cx.shell.ids.fresh(&RESERVATION).to_string()),
        subnet_id: Some(subnet.id.to_string()),
        cidr: Some(block.trunc().to_string()),
        reservation_type: input.reservation_type,
        owner_id: Some(cx.account.to_string()),
        description: input.description,
        tags,
    };
    cx.subnets.ask(&subnet.id, SubnetCommand::Reserve(reservation.clone())).await?;
    Ok(CreateSubnetCidrReservationResult { subnet_cidr_reservation: Some(reservation) })
}

pub(super) async fn delete_subnet_cidr_reservation(
    cx: Context,
    input: DeleteSubnetCidrReservationRequest,
) -> Ec2Result<DeleteSubnetCidrReservationResult> {
    let id = input.subnet_cidr_reservation_id();
    RESERVATION.check(id)?;
    let subnet = cx.subnets.of_part(&cx.account, id).ok_or_else(|| RESERVATION.not_found(id))?;
    let known = subnet.state.reservations.iter().find(|known| known.subnet_cidr_reservation_id() == id).cloned();
    cx.subnets.ask(&subnet.id, SubnetCommand::Unreserve(id.to_owned())).await?;
    Ok(DeleteSubnetCidrReservationResult { deleted_subnet_cidr_reservation: known })
}

impl Row for SubnetCidrReservation {
    fn id(&self) -> &str {
        self.subnet_cidr_reservation_id()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

/// AWS: GetSubnetCidrReservations.
const FILTERS: Table<SubnetCidrReservation> = &[
    ("reservationType", Column::Of(|reservation, probe| probe.text(reservation.reservation_type()))),
    ("subnet-id", Column::Of(|reservation, probe| probe.text(reservation.subnet_id()))),
];

pub(super) async fn get_subnet_cidr_reservations(
    cx: Context,
    input: GetSubnetCidrReservationsRequest,
) -> Ec2Result<GetSubnetCidrReservationsResult> {
    let subnet = cx.subnets.find(&cx.account, input.subnet_id())?;
    let mut all = subnet.state.reservations.clone();
    all.sort_by(|one, other| one.id().cmp(other.id()));
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.pick_from(&subnet.id, FILTERS, all)?;
    let (ipv6, ipv4) = page.items.into_iter().partition(|reservation| reservation.cidr().contains(':'));
    Ok(GetSubnetCidrReservationsResult {
        subnet_ipv4_cidr_reservations: ipv4,
        subnet_ipv6_cidr_reservations: ipv6,
        next_token: page.next_token,
    })
}
