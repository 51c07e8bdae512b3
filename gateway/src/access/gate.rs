//! Whether a request may pass.

use archipelago_proto::cluster::v1::Subject;
use archipelago_proto::permissions::{PASSING, TAGGING};
use archipelago_proto::{Call, Ec2Error};

use super::aws::because;
use super::facts::Surroundings;
use super::guard::Guard;
use super::restrictions::{Permission, Refused, Restrictions};
use crate::forward::Forwarder;
use crate::policy::Context;
use crate::questions;
use crate::schema::Action;
use crate::service::only_reads;
use crate::signature::Identity;

/// A request that is ready to be forwarded.
pub(crate) struct Asked<'a> {
    pub(crate) caller: &'a Identity,
    pub(crate) surroundings: Surroundings<'a>,
    pub(crate) action: &'a Action,
    pub(crate) call: &'a Call,
    pub(crate) message: &'a [u8],
}

/// Refuses what the caller's policies do not allow.
pub(crate) async fn admit(
    guard: &Guard,
    forwarder: &Forwarder,
    restrictions: &Restrictions,
    asked: &Asked<'_>,
) -> Result<(), Ec2Error> {
    let context = asked.surroundings.context(asked.caller, restrictions.member.as_deref());
    if allowed_anyway(restrictions, asked.action, &context) {
        return Ok(());
    }
    for subject in subjects(forwarder, asked).await? {
        let permission = permission(subject, &context);
        if let Err(refused) = restrictions.check(&permission) {
            return Err(guard.refusal(asked.caller, &permission, &refused));
        }
    }
    Ok(())
}

/// Where no policy looks at resources, the node need not be asked for them.
fn allowed_anyway(restrictions: &Restrictions, action: &Action, context: &Context) -> bool {
    let own = format!("ec2:{}", action.name);
    let tagging = (!only_reads(&action.name)).then_some(TAGGING);
    let passing = action.passes_role.then_some(PASSING);
    [own.as_str()].into_iter().chain(tagging).chain(passing).all(|needed| {
        let everywhere = Permission { action: needed.to_owned(), resource: "*".to_owned(), context: context.clone() };
        restrictions.indifferent(needed) && restrictions.check(&everywhere).is_ok()
    })
}

async fn subjects(forwarder: &Forwarder, asked: &Asked<'_>) -> Result<Vec<Subject>, Ec2Error> {
    let (region, action) = (asked.surroundings.region, &asked.action.name);
    let message = asked.message.to_vec();
    let answer = questions::ask(forwarder, region, action, asked.call, message, |mut client, request| async move {
        client.subjects(request).await
    });
    Ok(answer.await?.subjects)
}

fn permission(subject: Subject, context: &Context) -> Permission {
    let mut context = context.clone();
    for key in subject.keys {
        context.set_all(&key.name, key.values);
    }
    Permission { action: subject.action, resource: subject.resource, context }
}

impl Guard {
    /// As EC2 says it, with the message for DecodeAuthorizationMessage.
    fn refusal(&self, caller: &Identity, permission: &Permission, refused: &Refused<'_>) -> Ec2Error {
        let message = format!(
            "You are not authorized to perform this operation. {}. Encoded authorization failure message: {}",
            because(permission, &caller.principal, refused),
            self.seal.write(caller, permission, refused)
        );
        Ec2Error::new("UnauthorizedOperation", message)
    }

    /// As STS says it: whether a caller may do something with no resource, or with one.
    pub(crate) fn allow(
        &self,
        caller: &Identity,
        surroundings: Surroundings<'_>,
        action: &str,
        resource: &str,
        keys: &[(String, Vec<String>)],
    ) -> Result<(), Ec2Error> {
        let Some(restrictions) = self.restrictions(caller) else { return Ok(()) };
        let mut context = surroundings.context(caller, restrictions.member.as_deref());
        keys.iter().for_each(|(key, values)| context.set_all(key, values.clone()));
        let permission = Permission { action: action.to_owned(), resource: resource.to_owned(), context };
        restrictions
            .check(&permission)
            .map_err(|refused| Ec2Error::new("AccessDenied", because(&permission, &caller.principal, &refused)))
    }

    /// What an authorization message of the caller's account says.
    pub(crate) fn decode(&self, caller: &Identity, message: &str) -> Option<String> {
        self.seal.read(&caller.account, message)
    }

    /// What a request to STS is judged by.
    pub(crate) fn context(&self, caller: &Identity, surroundings: Surroundings<'_>) -> Context {
        let restrictions = self.restrictions(caller);
        surroundings.context(caller, restrictions.as_ref().and_then(|restrictions| restrictions.member.as_deref()))
    }
}
