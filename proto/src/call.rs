//! The caller as gRPC metadata.

use prost::Message as _;
use tonic::metadata::{BinaryMetadataValue, MetadataMap};

use crate::Ec2Error;
use crate::cluster::v1::Caller;

const KEY: &str = "archipelago-caller-bin";

/// One request of one caller, as every process on its way knows it.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub caller: Caller,
}

impl Call {
    pub fn account(&self) -> &str {
        &self.caller.account
    }

    pub fn write_to(&self, metadata: &mut MetadataMap) {
        metadata.insert_bin(KEY, BinaryMetadataValue::from_bytes(&self.caller.encode_to_vec()));
    }

    pub fn read_from(metadata: &MetadataMap) -> Result<Self, Ec2Error> {
        let value = metadata.get_bin(KEY).and_then(|value| value.to_bytes().ok());
        let caller = value.and_then(|bytes| Caller::decode(bytes).ok());
        caller.map(|caller| Self { caller }).ok_or_else(Ec2Error::internal)
    }
}
