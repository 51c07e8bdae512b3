//! The condition keys that do not depend on resources (IAM User Guide, "AWS global condition context keys").

use jiff::Timestamp;

use super::directory::Member;
use crate::keyring::resource_of;
use crate::policy::Context;
use crate::request::Received;
use crate::signature::Identity;
use crate::sts::unique_id;

/// Where a request comes from, and when.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub(crate) request: &'a Received,
    pub(crate) region: &'a str,
    pub(crate) now_ms: i64,
}

impl Surroundings<'_> {
    pub(super) fn context(&self, caller: &Identity, member: Option<&Member>) -> Context {
        let mut context = Context::default();
        self.describe(&mut context);
        describe(caller, member, &mut context);
        context
    }

    fn describe(&self, context: &mut Context) {
        context.set("aws:SourceIp", self.request.source.to_string());
        if let Some(agent) = self.request.header("user-agent") {
            context.set("aws:UserAgent", agent);
        }
        if let Some(referer) = self.request.header("referer") {
            context.set("aws:Referer", referer);
        }
        // What stands before the gateway may have ended TLS.
        let secure = self.request.secure || self.request.header("x-forwarded-proto") == Some("https");
        context.set("aws:SecureTransport", secure.to_string());
        context.set("aws:CurrentTime", time(self.now_ms));
        context.set("aws:EpochTime", (self.now_ms / 1000).to_string());
        context.set("aws:RequestedRegion", self.region);
        context.set("aws:ViaAWSService", "false");
        context.set("aws:PrincipalIsAWSService", "false");
        context.set("ec2:Region", self.region);
    }
}

fn describe(caller: &Identity, member: Option<&Member>, context: &mut Context) {
    let resource = resource_of(&caller.principal);
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    context.set("aws:PrincipalAccount", caller.account.as_str());
    context.set("aws:userid", unique_id(&caller.principal, &caller.account));
    // Of a session it is the role's, path and all.
    context.set("aws:PrincipalArn", member.map_or(caller.principal.as_str(), |member| member.arn.as_str()));
    context.set(
        "aws:PrincipalType",
        match kind {
            "user" => "User",
            "assumed-role" => "AssumedRole",
            _ => "Account",
        },
    );
    if kind == "user" {
        context.set("aws:username", rest.rsplit('/').next().unwrap_or_default());
    }
    for (key, value) in member.iter().flat_map(|member| &member.tags) {
        context.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
    }
    if let Some(session) = &caller.session {
        for (key, value) in &session.tags {
            context.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
        }
        // Long-term keys have neither of the two.
        context.set("aws:MultiFactorAuthPresent", session.mfa.to_string());
        context.set("aws:TokenIssueTime", time(session.issued_ms));
    }
}

fn time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
