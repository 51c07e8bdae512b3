//! Policy tables: which route table what comes from a peering is looked up in. Their entries come from a core network,
//! of which there is none.

use archipelago_proto::ec2::v1::{
    AssociateTransitGatewayPolicyTableRequest, AssociateTransitGatewayPolicyTableResult,
    CreateTransitGatewayPolicyTableRequest, CreateTransitGatewayPolicyTableResult,
    DeleteTransitGatewayPolicyTableRequest, DeleteTransitGatewayPolicyTableResult,
    DescribeTransitGatewayPolicyTablesRequest, DescribeTransitGatewayPolicyTablesResult,
    DisassociateTransitGatewayPolicyTableRequest, DisassociateTransitGatewayPolicyTableResult,
    GetTransitGatewayPolicyTableAssociationsRequest, GetTransitGatewayPolicyTableAssociationsResult,
    GetTransitGatewayPolicyTableEntriesRequest, GetTransitGatewayPolicyTableEntriesResult, TransitGatewayPolicyTable,
    TransitGatewayPolicyTableAssociation,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::AttachmentState;
use super::associations::FILTERS as ASSOCIATIONS;
use super::attachment::AttachmentCommand;
use super::gateway_actions::settles;
use super::life::{AVAILABLE, DELETING, Life, PENDING, incorrect_state, is_over};
use super::view::{Attached, find_attachment, find_gateway};
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, Published, Undo, resource, workflow};
use crate::request::{Action, Column, Context, Describe, FilterTable, tags_for};
use crate::time::Millis;

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(associate_transit_gateway_policy_table),
        Action::new(create_transit_gateway_policy_table),
        Action::new(delete_transit_gateway_policy_table),
        Action::new(describe_transit_gateway_policy_tables),
        Action::new(disassociate_transit_gateway_policy_table),
        Action::new(get_transit_gateway_policy_table_associations),
        Action::new(get_transit_gateway_policy_table_entries),
    ]
}

#[derive(Clone, PartialEq, Message)]
pub struct PolicyTableState {
    #[prost(message, required, tag = "1")]
    pub public: TransitGatewayPolicyTable,
    #[prost(message, required, tag = "2")]
    life: Life,
}

pub enum PolicyTableCommand {
    Delete,
}

impl Entity for PolicyTableState {
    const KIND: Kind = Kind {
        resource_type: "transit-gateway-policy-table",
        prefix: "tgw-ptb",
        not_found: "InvalidTransitGatewayPolicyTableId.NotFound",
        malformed: "InvalidTransitGatewayPolicyTableId.Malformed",
        noun: "transitGatewayPolicyTable ID",
    };
    type Command = PolicyTableCommand;
    type Reply = ();

    fn decide(&self, command: PolicyTableCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let PolicyTableCommand::Delete = command;
        if self.public.state() != AVAILABLE {
            return Err(incorrect_state(facts.id, self.public.state()));
        }
        if let Some(attachment) = facts.dependents_of(&AttachmentState::KIND).next() {
            let message = format!("{} has non-deleted associations with {attachment}.", facts.id);
            return Err(Ec2Error::new("IncorrectState", message));
        }
        let mut next = self.clone();
        next.life.change(&mut next.public.state, DELETING, facts);
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.life.due()
    }

    /// One that is deleted is not shown (Terraform's provider waits for that).
    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        if self.public.state() == DELETING {
            return Next::Gone(self.clone());
        }
        Life::elapse(self, |next| (&mut next.life, &mut next.public.state), facts.now)
    }

    fn links(&self) -> Vec<Id> {
        if is_over(self.public.state()) { Vec::new() } else { vec![Id::new(self.public.transit_gateway_id())] }
    }

    resource!(tags);
}

/// AWS names no filters; those that other tables have.
const FILTERS: FilterTable<PolicyTableState> = &[
    ("state", Column::Of(|row, probe| probe.text(row.state.public.state()))),
    ("transit-gateway-id", Column::Of(|row, probe| probe.text(row.state.public.transit_gateway_id()))),
    ("transit-gateway-policy-table-id", Column::Id),
];

async fn create_transit_gateway_policy_table(
    cx: Context,
    input: CreateTransitGatewayPolicyTableRequest,
) -> Ec2Result<CreateTransitGatewayPolicyTableResult> {
    let kind = &PolicyTableState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let gateway = find_gateway(&cx, input.transit_gateway_id())?;
    if gateway.state.public.state() != AVAILABLE {
        return Err(incorrect_state(&gateway.id, gateway.state.public.state()));
    }
    let id = cx.transit_gateway_policy_tables.fresh_id();
    let public = TransitGatewayPolicyTable {
        transit_gateway_policy_table_id: Some(id.to_string()),
        transit_gateway_id: Some(gateway.id.to_string()),
        state: Some(PENDING.to_owned()),
        creation_time: Some(cx.shell.clock.now()),
        tags,
    };
    let state = PolicyTableState { public: public.clone(), life: Life::beginning(settles(&cx)) };
    let mut batch = cx.batch();
    batch.create(&cx.transit_gateway_policy_tables, &id, state)?;
    cx.commit(batch, CreateTransitGatewayPolicyTableResult { transit_gateway_policy_table: Some(public) }).await
}

async fn delete_transit_gateway_policy_table(
    cx: Context,
    input: DeleteTransitGatewayPolicyTableRequest,
) -> Ec2Result<DeleteTransitGatewayPolicyTableResult> {
    let found = cx.transit_gateway_policy_tables.find(&cx.account, input.transit_gateway_policy_table_id())?;
    let now = cx.transit_gateway_policy_tables.ask(&found.id, PolicyTableCommand::Delete).await?.published;
    Ok(DeleteTransitGatewayPolicyTableResult { transit_gateway_policy_table: Some(now.state.public.clone()) })
}

async fn describe_transit_gateway_policy_tables(
    cx: Context,
    input: DescribeTransitGatewayPolicyTablesRequest,
) -> Ec2Result<DescribeTransitGatewayPolicyTablesResult> {
    let describe = Describe {
        ids: &input.transit_gateway_policy_table_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.transit_gateway_policy_tables, FILTERS)?;
    let transit_gateway_policy_tables = page.map(|found| found.state.public.clone());
    Ok(DescribeTransitGatewayPolicyTablesResult { transit_gateway_policy_tables, next_token: page.next_token })
}

type Pair = (std::sync::Arc<Published<PolicyTableState>>, std::sync::Arc<Published<AttachmentState>>);

fn find(cx: &Context, table: &str, attachment: &str) -> Ec2Result<Pair> {
    let table = cx.transit_gateway_policy_tables.find(&cx.account, table)?;
    if is_over(table.state.public.state()) {
        return Err(incorrect_state(&table.id, table.state.public.state()));
    }
    let attachment = find_attachment(cx, attachment)?;
    let gateway = table.state.public.transit_gateway_id();
    if !attachment.state.is_of(gateway) || attachment.state.peering.is_none() {
        return Err(Ec2Error::invalid_parameter(format!(
            "{} is not a peering attachment of {gateway}.",
            attachment.id
        )));
    }
    Ok((table, attachment))
}

fn association((table, attachment): &Pair, state: &str) -> TransitGatewayPolicyTableAssociation {
    let (resource, resource_type, _) = attachment.state.resource(table.state.public.transit_gateway_id());
    TransitGatewayPolicyTableAssociation {
        transit_gateway_policy_table_id: Some(table.id.to_string()),
        transit_gateway_attachment_id: Some(attachment.id.to_string()),
        resource_id: Some(resource.to_owned()),
        resource_type: Some(resource_type.to_owned()),
        state: Some(state.to_owned()),
    }
}

async fn associate_transit_gateway_policy_table(
    cx: Context,
    input: AssociateTransitGatewayPolicyTableRequest,
) -> Ec2Result<AssociateTransitGatewayPolicyTableResult> {
    let pair = find(&cx, input.transit_gateway_policy_table_id(), input.transit_gateway_attachment_id())?;
    let (table, attachment) = &pair;
    let mut undo = Undo::default();
    let outcome = async {
        cx.hold(&mut undo, &cx.transit_gateway_attachments, &attachment.id, &table.id).await?;
        let command = AttachmentCommand::AssociatePolicies(table.id.to_string());
        cx.transit_gateway_attachments.ask(&attachment.id, command).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await?;
    Ok(AssociateTransitGatewayPolicyTableResult { association: Some(association(&pair, "associating")) })
}

async fn disassociate_transit_gateway_policy_table(
    cx: Context,
    input: DisassociateTransitGatewayPolicyTableRequest,
) -> Ec2Result<DisassociateTransitGatewayPolicyTableResult> {
    let pair = find(&cx, input.transit_gateway_policy_table_id(), input.transit_gateway_attachment_id())?;
    let command = AttachmentCommand::DisassociatePolicies(pair.0.id.to_string());
    cx.transit_gateway_attachments.ask(&pair.1.id, command).await?;
    Ok(DisassociateTransitGatewayPolicyTableResult { association: Some(association(&pair, "disassociating")) })
}

async fn get_transit_gateway_policy_table_associations(
    cx: Context,
    input: GetTransitGatewayPolicyTableAssociationsRequest,
) -> Ec2Result<GetTransitGatewayPolicyTableAssociationsResult> {
    let table = cx.transit_gateway_policy_tables.find(&cx.account, input.transit_gateway_policy_table_id())?;
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let associated = cx.transit_gateway_attachments.linked_to(&table.id);
    let rows = Attached::sorted(associated.values().cloned(), table.state.public.transit_gateway_id());
    let page = describe.pick_from(&table.id, ASSOCIATIONS, rows)?;
    let associations = page.map(|row| association(&(table.clone(), row.found.clone()), "associated"));
    Ok(GetTransitGatewayPolicyTableAssociationsResult { associations, next_token: page.next_token })
}

async fn get_transit_gateway_policy_table_entries(
    cx: Context,
    input: GetTransitGatewayPolicyTableEntriesRequest,
) -> Ec2Result<GetTransitGatewayPolicyTableEntriesResult> {
    cx.transit_gateway_policy_tables.find(&cx.account, input.transit_gateway_policy_table_id())?;
    if let Some(filter) = input.filters.first() {
        return Err(Ec2Error::invalid_parameter(format!("The filter '{}' is invalid", filter.name())));
    }
    Ok(GetTransitGatewayPolicyTableEntriesResult { transit_gateway_policy_table_entries: Vec::new() })
}
