//! Accounts as parameters: owners, and those that something is shared with.

use archipelago_proto::{Ec2Error, Ec2Result};

/// Whether a text is an account id.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// An account id, or one of the words that stand for accounts in this place.
pub fn check_account(text: &str, words: &[&str]) -> Ec2Result<()> {
    if is_account(text) || words.contains(&text) {
        return Ok(());
    }
    Err(Ec2Error::new("InvalidUserID.Malformed", format!("Invalid user id: \"{text}\"")))
}
