//! The association of an instance with its IAM instance profile (AWS: AssociateIamInstanceProfile and its siblings).
//! It is a part of the instance, which has one at most.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AssociateIamInstanceProfileRequest, AssociateIamInstanceProfileResult,
    DescribeIamInstanceProfileAssociationsRequest, DescribeIamInstanceProfileAssociationsResult,
    DisassociateIamInstanceProfileRequest, DisassociateIamInstanceProfileResult, IamInstanceProfile,
    IamInstanceProfileAssociation, IamInstanceProfileSpecification, ReplaceIamInstanceProfileAssociationRequest,
    ReplaceIamInstanceProfileAssociationResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::launch;
use super::lifecycle::Phase;
use super::state::{InstanceCommand, InstanceState, incorrect};
use crate::entity::{Kind, Published};
use crate::request::{Column, Context, Describe, Row, Table};
use crate::time::{Millis, Transition};

/// An association's own facts; the profile is the instance's.
#[derive(Clone, PartialEq, Message)]
pub struct Association {
    #[prost(string, tag = "1")]
    pub id: String,
    #[prost(int64, tag = "2")]
    pub since: Millis,
    /// From then on it is `associated`.
    #[prost(int64, tag = "3")]
    pub settled: Millis,
}

pub(super) const KIND: Kind = Kind {
    resource_type: "iam-instance-profile-association",
    prefix: "iip-assoc",
    not_found: "InvalidAssociationID.NotFound",
    malformed: "InvalidAssociationID.Malformed",
    noun: "association ID",
};

impl Association {
    pub(super) fn new(cx: &Context) -> Self {
        let since = cx.shell.clock.now();
        let settled = since + cx.shell.lifecycle.duration(Transition::ProfileAssociate);
        Self { id: cx.shell.ids.fresh(&KIND).to_string(), since, settled }
    }

    fn view(&self, instance: &str, profile: Option<IamInstanceProfile>, state: &str) -> IamInstanceProfileAssociation {
        IamInstanceProfileAssociation {
            association_id: Some(self.id.clone()),
            instance_id: Some(instance.to_owned()),
            iam_instance_profile: profile,
            state: Some(state.to_owned()),
            timestamp: Some(self.since),
        }
    }
}

fn read(cx: &Context, wanted: Option<&IamInstanceProfileSpecification>) -> Ec2Result<IamInstanceProfile> {
    let profile = wanted.map(|wanted| launch::profile(cx, wanted)).transpose()?.flatten();
    profile.ok_or_else(|| Ec2Error::missing_parameter("IamInstanceProfile"))
}

/// A client's association, and the instance that has it.
fn find(cx: &Context, id: &str) -> Ec2Result<(Arc<Published<InstanceState>>, Association)> {
    let found = cx.instances.of_part(&cx.account, id);
    let found = found.and_then(|instance| instance.state.private.profile.clone().map(|own| (instance, own)));
    match found {
        Some(found) => Ok(found),
        None => {
            KIND.check(id)?;
            Err(Ec2Error::new(KIND.not_found, format!("An invalid association-id of '{id}' was given")))
        }
    }
}

pub(super) async fn associate_iam_instance_profile(
    cx: Context,
    input: AssociateIamInstanceProfileRequest,
) -> Ec2Result<AssociateIamInstanceProfileResult> {
    let profile = read(&cx, input.iam_instance_profile.as_ref())?;
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    if !matches!(instance.state.phase(), Phase::Running | Phase::Stopped | Phase::Pending | Phase::Stopping) {
        return Err(incorrect(&instance.id));
    }
    let association = Association::new(&cx);
    let shown = association.view(&instance.id, Some(profile.clone()), "associating");
    let command = InstanceCommand::SetProfile { replacing: None, with: Some((profile, association)) };
    cx.instances.ask(&instance.id, command).await?;
    Ok(AssociateIamInstanceProfileResult { iam_instance_profile_association: Some(shown) })
}

pub(super) async fn replace_iam_instance_profile_association(
    cx: Context,
    input: ReplaceIamInstanceProfileAssociationRequest,
) -> Ec2Result<ReplaceIamInstanceProfileAssociationResult> {
    let profile = read(&cx, input.iam_instance_profile.as_ref())?;
    let (instance, old) = find(&cx, input.association_id())?;
    let association = Association::new(&cx);
    let shown = association.view(&instance.id, Some(profile.clone()), "associating");
    let command = InstanceCommand::SetProfile { replacing: Some(old.id), with: Some((profile, association)) };
    cx.instances.ask(&instance.id, command).await?;
    Ok(ReplaceIamInstanceProfileAssociationResult { iam_instance_profile_association: Some(shown) })
}

pub(super) async fn disassociate_iam_instance_profile(
    cx: Context,
    input: DisassociateIamInstanceProfileRequest,
) -> Ec2Result<DisassociateIamInstanceProfileResult> {
    let (instance, old) = find(&cx, input.association_id())?;
    let shown = old.view(&instance.id, instance.state.public.iam_instance_profile.clone(), "disassociating");
    let command = InstanceCommand::SetProfile { replacing: Some(old.id), with: None };
    cx.instances.ask(&instance.id, command).await?;
    Ok(DisassociateIamInstanceProfileResult { iam_instance_profile_association: Some(shown) })
}

/// What a client must name to change an association: nothing if there is none, else the one that there is.
pub(super) fn check(known: Option<&Association>, named: Option<&str>, instance: &str) -> Ec2Result<()> {
    match (known, named) {
        (Some(_), None) => {
            Err(Ec2Error::new("IncorrectState", format!("There is an existing association for instance {instance}")))
        }
        (known, Some(named)) if known.is_none_or(|known| known.id != named) => {
            Err(Ec2Error::new(KIND.not_found, format!("An invalid association-id of '{named}' was given")))
        }
        _ => Ok(()),
    }
}

struct AssociationRow(IamInstanceProfileAssociation);

impl Row for AssociationRow {
    fn id(&self) -> &str {
        self.0.association_id()
    }
}

const FILTERS: Table<AssociationRow> = &[
    ("instance-id", Column::Of(|row, probe| probe.text(row.0.instance_id()))),
    ("state", Column::Of(|row, probe| probe.text(row.0.state()))),
];

pub(super) async fn describe_iam_instance_profile_associations(
    cx: Context,
    input: DescribeIamInstanceProfileAssociationsRequest,
) -> Ec2Result<DescribeIamInstanceProfileAssociationsResult> {
    let now = cx.shell.clock.now();
    let row = |instance: &Arc<Published<InstanceState>>| {
        let own = instance.state.private.profile.as_ref()?;
        let state = if now < own.settled { "associating" } else { "associated" };
        Some(AssociationRow(own.view(&instance.id, instance.state.public.iam_instance_profile.clone(), state)))
    };
    let mut rows = Vec::new();
    if input.association_ids.is_empty() {
        rows.extend(cx.instances.owned_by(&cx.account).values().filter_map(row));
    } else {
        if input.max_results.is_some() {
            return Err(Ec2Error::invalid_combination(
                "The parameter MaxResults cannot be used with a list of ids in the same call",
            ));
        }
        for id in &input.association_ids {
            rows.extend(row(&find(&cx, id)?.0));
        }
    }
    rows.sort_by(|a, b| a.0.association_id.cmp(&b.0.association_id));
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.pick("iam-instance-profile-associations", FILTERS, |after| {
        let after = after.map(str::to_owned);
        rows.into_iter().filter(move |row| after.as_deref().is_none_or(|after| row.id() > after))
    })?;
    Ok(DescribeIamInstanceProfileAssociationsResult {
        iam_instance_profile_associations: page.items.iter().map(|row| row.0.clone()).collect(),
        next_token: page.next_token,
    })
}
