//! A key pair: the public half and its fingerprint. The private half is shown once and kept by nobody.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::KeyPairInfo;
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Kind, resource};

#[derive(Clone, PartialEq, Message)]
pub struct KeyPairState {
    #[prost(message, required, tag = "1")]
    pub public: KeyPairInfo,
}

pub enum KeyPairCommand {
    Delete,
}

impl Entity for KeyPairState {
    const KIND: Kind = Kind {
        resource_type: "key-pair",
        prefix: "key",
        not_found: "InvalidKeyPair.NotFound",
        malformed: "InvalidKeyPairID.Malformed",
        noun: "key pair",
    };
    type Command = KeyPairCommand;
    type Reply = ();

    fn name(&self) -> Option<&str> {
        self.public.key_name.as_deref()
    }

    fn decide(&self, command: KeyPairCommand, _: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        match command {
            KeyPairCommand::Delete => Ok(Decision::gone(self.clone())),
        }
    }

    resource!(tags);
}
