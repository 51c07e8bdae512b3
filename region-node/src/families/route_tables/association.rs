//! Who uses which route table: the association is its subnet's, its gateway's or, for the main one, its VPC's.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::RouteTableState;
use super::routes::check_edge_route;
use super::view::local_blocks;
use crate::entity::{Id, Published, Undo, workflow};
use crate::families::internet_gateways::{GatewayTable, InternetGatewayCommand, InternetGatewayState};
use crate::families::subnets::{Association, SubnetCommand, SubnetState};
use crate::families::vpcs::{VpcCommand, VpcState, no_association};
use crate::families::vpn::{VpnGatewayCommand, VpnGatewayState};
use crate::request::Context;

/// Who has an association.
pub(super) enum Owner {
    Subnet(Arc<Published<SubnetState>>),
    Gateway(Arc<Published<InternetGatewayState>>),
    VpnGateway(Arc<Published<VpnGatewayState>>),
    /// The VPC with its main route table.
    Main(Arc<Published<VpcState>>),
}

impl Owner {
    /// The owner of the association with this id.
    pub(super) fn of(cx: &Context, id: &Id) -> Ec2Result<Self> {
        let subnet = cx.subnets.of_part(&cx.account, id);
        let subnet = subnet.filter(|subnet| subnet.state.route_table.as_ref().is_some_and(|table| table.id == *id));
        let owner = subnet.map(Self::Subnet);
        let owner = owner.or_else(|| cx.vpcs.of_part(&cx.account, id).map(Self::Main));
        let owner = owner.or_else(|| cx.internet_gateways.of_part(&cx.account, id).map(Self::Gateway));
        let owner = owner.or_else(|| cx.vpn_gateways.of_part(&cx.account, id).map(Self::VpnGateway));
        owner.ok_or_else(|| no_association(id))
    }

    /// The table cannot be deleted from here on.
    async fn hold(&self, cx: &Context, undo: &mut Undo, table: &Id) -> Ec2Result<()> {
        match self {
            Self::Subnet(subnet) => cx.hold(undo, &cx.subnets, &subnet.id, table).await,
            Self::Gateway(gateway) => cx.hold(undo, &cx.internet_gateways, &gateway.id, table).await,
            Self::VpnGateway(gateway) => cx.hold(undo, &cx.vpn_gateways, &gateway.id, table).await,
            Self::Main(vpc) => cx.hold(undo, &cx.vpcs, &vpc.id, table).await,
        }
    }

    fn vpc(&self) -> &str {
        match self {
            Self::Subnet(subnet) => subnet.state.public.vpc_id(),
            Self::Gateway(gateway) => gateway.state.vpc().unwrap_or_default(),
            Self::VpnGateway(gateway) => gateway.state.vpc().unwrap_or_default(),
            Self::Main(vpc) => &vpc.id,
        }
    }

    /// Tables are for what is in their VPC.
    pub(super) fn check_vpc(&self, table: &Id, vpc: &str) -> Ec2Result<()> {
        if self.vpc() == vpc {
            return Ok(());
        }
        let owner = match self {
            Self::Subnet(subnet) => format!("subnet {}", subnet.id),
            Self::Gateway(gateway) => format!("network gateway {}", gateway.id),
            Self::VpnGateway(gateway) => format!("network gateway {}", gateway.id),
            Self::Main(vpc) => format!("network {}", vpc.id),
        };
        let message = format!("route table {table} and {owner} belong to different networks");
        Err(Ec2Error::invalid_parameter(message))
    }

    /// A gateway's table has nothing but routes for what comes in.
    pub(super) fn check_routes(&self, cx: &Context, table: &Published<RouteTableState>) -> Ec2Result<()> {
        if !matches!(self, Self::Gateway(_) | Self::VpnGateway(_)) {
            return Ok(());
        }
        let local = local_blocks(cx, table.state.public.vpc_id());
        table.state.public.routes.iter().try_for_each(|route| check_edge_route(&table.id, &local, route))
    }

    /// Associates it with a table, and returns the id of the association: the known one if it has this table.
    pub(super) async fn associate(&self, cx: &Context, table: &Id) -> Ec2Result<Id> {
        let id = fresh(cx);
        let mut undo = Undo::default();
        self.hold(cx, &mut undo, table).await?;
        let outcome = match self {
            Self::Subnet(subnet) => {
                let command = SubnetCommand::AssociateTable(Association { id, to: table.clone() });
                let answer = cx.subnets.ask(&subnet.id, command).await;
                answer.map(|answer| answer.published.state.route_table.clone().map(|table| table.id))
            }
            Self::Gateway(gateway) => {
                let command = InternetGatewayCommand::AssociateTable(gateway_table(&id, table));
                let answer = cx.internet_gateways.ask(&gateway.id, command).await;
                answer.map(|a| a.published.state.route_table.as_ref().map(|table| Id::new(&table.association)))
            }
            Self::VpnGateway(gateway) => {
                let command = VpnGatewayCommand::AssociateTable(gateway_table(&id, table));
                let answer = cx.vpn_gateways.ask(&gateway.id, command).await;
                answer.map(|a| a.published.state.route_table.as_ref().map(|table| Id::new(&table.association)))
            }
            Self::Main(_) => Err(Ec2Error::internal()),
        };
        workflow(undo, outcome).await?.ok_or_else(Ec2Error::internal)
    }

    /// Another table takes the place of the one that this association is with.
    pub(super) async fn replace(&self, cx: &Context, association: Id, table: &Id) -> Ec2Result<Id> {
        let id = fresh(cx);
        let mut undo = Undo::default();
        self.hold(cx, &mut undo, table).await?;
        let outcome = match self {
            Self::Subnet(subnet) => {
                let new = Association { id: id.clone(), to: table.clone() };
                cx.subnets.ask(&subnet.id, SubnetCommand::ReplaceTable { association, new }).await.map(drop)
            }
            Self::Gateway(gateway) => {
                let command = InternetGatewayCommand::ReplaceTable { association, new: gateway_table(&id, table) };
                cx.internet_gateways.ask(&gateway.id, command).await.map(drop)
            }
            Self::VpnGateway(gateway) => {
                let command = VpnGatewayCommand::ReplaceTable { association, new: gateway_table(&id, table) };
                cx.vpn_gateways.ask(&gateway.id, command).await.map(drop)
            }
            Self::Main(vpc) => {
                let (route_table, new_association) = (table.clone(), id.clone());
                let command = VpcCommand::ReplaceMain { association, route_table, new_association };
                cx.vpcs.ask(&vpc.id, command).await.map(drop)
            }
        };
        workflow(undo, outcome.map(|()| id)).await
    }

    pub(super) async fn disassociate(&self, cx: &Context, association: Id) -> Ec2Result<()> {
        match self {
            Self::Subnet(subnet) => {
                cx.subnets.ask(&subnet.id, SubnetCommand::DisassociateTable { association }).await.map(drop)
            }
            Self::Gateway(gateway) => {
                let command = InternetGatewayCommand::DisassociateTable { association };
                cx.internet_gateways.ask(&gateway.id, command).await.map(drop)
            }
            Self::VpnGateway(gateway) => {
                let command = VpnGatewayCommand::DisassociateTable { association };
                cx.vpn_gateways.ask(&gateway.id, command).await.map(drop)
            }
            Self::Main(_) => {
                let message = format!("cannot disassociate the main route table association {association}");
                Err(Ec2Error::invalid_parameter(message))
            }
        }
    }
}

fn fresh(cx: &Context) -> Id {
    cx.shell.ids.prefixed("rtbassoc")
}

fn gateway_table(association: &Id, table: &Id) -> GatewayTable {
    GatewayTable { association: association.to_string(), route_table: table.to_string() }
}
