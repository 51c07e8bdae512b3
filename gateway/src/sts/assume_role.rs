//! AssumeRole: who may, what the session may then do, and for how long.

use std::sync::Arc;

use archipelago_proto::Ec2Error;

use super::actions::Desk;
use super::names::{Role, is_name, unique_id};
use super::parameters::{duration_ms, members, mfa, required, tags, unsatisfied};
use super::xml::{credentials, response};
use crate::access::Member;
use crate::keyring::Session;
use crate::limits::shown;
use crate::policy::{Document, Request, Trust, Who};
use crate::query::Form;
use crate::reply::element;
use crate::signature::Identity;

/// AWS: session policies have up to 2,048 characters together, and at most ten are named.
const LONGEST_POLICY: usize = 2048;
const MOST_POLICY_ARNS: usize = 10;

/// AWS: of who is a role already.
const LONGEST_CHAINED: i64 = 3600;

impl Desk<'_> {
    pub(super) fn assume_role(&self, form: &Form<'_>, caller: &Identity) -> Result<Vec<u8>, Ec2Error> {
        let arn = required(form, "RoleArn")?;
        let name = required(form, "RoleSessionName")?;
        let role =
            Role::parse(arn).ok_or_else(|| Ec2Error::new("ValidationError", format!("{} is invalid", shown(arn))))?;
        if !is_name(name, 2) {
            return Err(unsatisfied(name, "roleSessionName", "satisfy regular expression pattern: [\\w+=,.@-]{2,64}"));
        }
        let duration_ms = duration_ms(form, 900..=43_200, 3600)?;
        let issued_ms = self.surroundings.now_ms;
        let session = Session {
            issued_ms,
            policies: self.session_policy(form)?,
            policy_arns: self.session_policy_arns(form, role.account)?,
            tags: tags(form)?,
            mfa: mfa(form)?,
        };
        let member = self.check(form, caller, arn, &role, &session)?;
        check_duration(duration_ms / 1000, caller, member.as_deref())?;

        let expires_ms = issued_ms + duration_ms;
        let principal = role.session_arn(name);
        let temporary = self.keyring.issue(role.account, &principal, session, expires_ms);
        Ok(response("AssumeRole", self.request_id, |out| {
            credentials(&temporary, expires_ms, out);
            out.extend_from_slice(b"<AssumedRoleUser>");
            element("AssumedRoleId", &unique_id(&principal, role.account), out);
            element("Arn", &principal, out);
            out.extend_from_slice(b"</AssumedRoleUser>");
        }))
    }

    /// The role must trust the caller, and the caller must be allowed, unless the role's own account names it outright
    /// (IAM User Guide, "Policy evaluation logic"). Accounts without identities trust everybody.
    fn check(
        &self,
        form: &Form<'_>,
        caller: &Identity,
        arn: &str,
        role: &Role<'_>,
        session: &Session,
    ) -> Result<Option<Arc<Member>>, Ec2Error> {
        let refused = |action: &str| {
            let principal = &caller.principal;
            let message = format!("User: {principal} is not authorized to perform: {action} on resource: {arn}");
            Ec2Error::new("AccessDenied", message)
        };
        let mut actions = vec!["sts:AssumeRole"];
        if !session.tags.is_empty() {
            actions.push("sts:TagSession");
        }
        let keys = keys(form, session);
        let Ok(member) = self.guard.role(role.account, arn) else { return Err(refused("sts:AssumeRole")) };
        let trust = member.as_ref().and_then(|member| member.trust.as_ref());
        for action in actions {
            let trusted = match trust {
                Some(trust) => self.trusted(trust, caller, action, arn, &keys).ok_or_else(|| refused(action))?,
                None => Trust::Account,
            };
            let outright = trusted == Trust::Itself && caller.account == role.account;
            match self.guard.allow(caller, self.surroundings, action, arn, &keys) {
                _ if trusted == Trust::No => return Err(refused(action)),
                Err(error) if !outright || error.message.contains("explicit deny") => return Err(error),
                _ => {}
            }
        }
        Ok(member)
    }

    fn trusted(
        &self,
        trust: &Document,
        caller: &Identity,
        action: &str,
        resource: &str,
        keys: &[(String, Vec<String>)],
    ) -> Option<Trust> {
        let mut context = self.guard.context(caller, self.surroundings);
        keys.iter().for_each(|(key, values)| context.set_all(key, values.clone()));
        let role = self.guard.restrictions(caller).and_then(|restrictions| restrictions.member);
        let role = role.as_ref().map(|member| member.arn.as_str());
        let who = Who { account: &caller.account, arn: &caller.principal, role };
        trust.trusted(who, &Request { action, resource, context: &context })
    }

    fn session_policy(&self, form: &Form<'_>) -> Result<Vec<String>, Ec2Error> {
        let Some(text) = form.get("Policy") else { return Ok(Vec::new()) };
        if text.chars().count() > LONGEST_POLICY {
            return Err(unsatisfied(text, "policy", &format!("have length less than or equal to {LONGEST_POLICY}")));
        }
        Document::identity(text).map_err(|why| Ec2Error::new("MalformedPolicyDocument", why))?;
        Ok(vec![text.to_owned()])
    }

    fn session_policy_arns(&self, form: &Form<'_>, account: &str) -> Result<Vec<String>, Ec2Error> {
        let arns = members(form, "PolicyArns", "arn");
        if arns.len() > MOST_POLICY_ARNS {
            let constraint = format!("have length less than or equal to {MOST_POLICY_ARNS}");
            return Err(unsatisfied(&arns.len().to_string(), "policyArns", &constraint));
        }
        if let Some(unknown) = arns.iter().find(|arn| !self.guard.knows_policy(account, arn)) {
            let message = format!("The policy {} does not exist or is not attachable.", shown(unknown));
            return Err(Ec2Error::new("InvalidParameterValue", message));
        }
        Ok(arns.into_iter().map(str::to_owned).collect())
    }
}

fn keys(form: &Form<'_>, session: &Session) -> Vec<(String, Vec<String>)> {
    let given = [("sts:ExternalId", "ExternalId"), ("sts:RoleSessionName", "RoleSessionName")];
    let given = given.iter().filter_map(|(key, name)| Some(((*key).to_owned(), vec![form.get(name)?.to_owned()])));
    let tags = session.tags.iter().map(|(key, value)| (format!("aws:RequestTag/{key}"), vec![value.clone()]));
    let mut keys: Vec<_> = given.chain(tags).collect();
    if !session.tags.is_empty() {
        keys.push(("aws:TagKeys".to_owned(), session.tags.keys().cloned().collect()));
    }
    if session.mfa {
        keys.push(("aws:MultiFactorAuthPresent".to_owned(), vec!["true".to_owned()]));
    }
    keys
}

fn check_duration(seconds: i64, caller: &Identity, role: Option<&Member>) -> Result<(), Ec2Error> {
    let chained = caller.principal.contains(":assumed-role/");
    if chained && seconds > LONGEST_CHAINED {
        let message =
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        return Err(Ec2Error::new("ValidationError", message));
    }
    if role.is_some_and(|role| seconds > role.max_session) {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Ec2Error::new("ValidationError", message));
    }
    Ok(())
}
