//! The actions, each from parameters to XML (AWS STS API Reference).

use archipelago_proto::Ec2Error;

use super::names::unique_id;
use super::parameters::{duration_ms, mfa, required};
use super::xml::{credentials, response};
use crate::access::{Guard, Surroundings};
use crate::keyring::{Keyring, Session};
use crate::limits::shown;
use crate::query::Form;
use crate::reply::element;
use crate::service::STS_VERSION;
use crate::signature::Identity;

/// Where STS is asked.
pub(crate) struct Desk<'a> {
    pub(crate) keyring: &'a Keyring,
    pub(crate) guard: &'a Guard,
    pub(crate) surroundings: Surroundings<'a>,
    pub(crate) request_id: &'a str,
}

impl Desk<'_> {
    pub(crate) fn answer(&self, form: &Form<'_>, caller: &Identity) -> Result<Vec<u8>, Ec2Error> {
        match form.get("Action").unwrap_or_default() {
            "GetCallerIdentity" => Ok(self.get_caller_identity(caller)),
            "GetSessionToken" => self.get_session_token(form, caller),
            "AssumeRole" => self.assume_role(form, caller),
            "DecodeAuthorizationMessage" => self.decode_authorization_message(form, caller),
            "" => Err(Ec2Error::new("MissingAction", "The request must contain the parameter Action")),
            other => {
                let message = format!("Could not find operation {} for version {STS_VERSION}", shown(other));
                Err(Ec2Error::new("InvalidAction", message))
            }
        }
    }

    /// AWS: needs no permission, and cannot be denied.
    fn get_caller_identity(&self, caller: &Identity) -> Vec<u8> {
        response("GetCallerIdentity", self.request_id, |out| {
            element("Arn", &caller.principal, out);
            element("UserId", &unique_id(&caller.principal, &caller.account), out);
            element("Account", &caller.account, out);
        })
    }

    /// AWS: needs no permission.
    fn get_session_token(&self, form: &Form<'_>, caller: &Identity) -> Result<Vec<u8>, Ec2Error> {
        if caller.session.is_some() {
            return Err(Ec2Error::new("AccessDenied", "Cannot call GetSessionToken with session credentials"));
        }
        let issued_ms = self.surroundings.now_ms;
        let expires_ms = issued_ms + duration_ms(form, 900..=129_600, 43_200)?;
        let session = Session { issued_ms, mfa: mfa(form)?, ..Session::default() };
        let temporary = self.keyring.issue(&caller.account, &caller.principal, session, expires_ms);
        Ok(response("GetSessionToken", self.request_id, |out| credentials(&temporary, expires_ms, out)))
    }

    fn decode_authorization_message(&self, form: &Form<'_>, caller: &Identity) -> Result<Vec<u8>, Ec2Error> {
        let encoded = required(form, "EncodedMessage")?;
        self.guard.allow(caller, self.surroundings, "sts:DecodeAuthorizationMessage", "*", &[])?;
        let invalid = || Ec2Error::new("InvalidAuthorizationMessageException", "Message is not valid.");
        let decoded = self.guard.decode(caller, encoded).ok_or_else(invalid)?;
        Ok(response("DecodeAuthorizationMessage", self.request_id, |out| element("DecodedMessage", &decoded, out)))
    }
}
