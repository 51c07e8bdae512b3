//! Messages that say the same in different places (`twins` in proto/import/families.toml).

use prost::Message;

/// Reads a message as another whose fields are numbered as its own; what the other lacks is left out.
pub fn recode<A: Message, B: Message + Default>(message: &A) -> B {
    B::decode(message.encode_to_vec().as_slice()).expect("twins have the same types under the same numbers")
}
