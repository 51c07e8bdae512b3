//! Messages to bytes and back.

use std::marker::PhantomData;

use bytes::{Buf as _, BufMut as _, Bytes};
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// For every generated client and service: sends `T`, receives `U`.
///
/// tonic's own codec writes straight into its buffer, which is asked for room at each piece of a message, and for which
/// the code of all messages is made once more beside the one for vectors. By way of a vector it is faster and smaller.
pub struct WireCodec<T, U>(PhantomData<(T, U)>);

/// One direction of it.
pub struct Wire<T>(PhantomData<T>);

impl<T, U> Default for WireCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Message + 'static, U: Message + Default + 'static> Codec for WireCodec<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = Wire<T>;
    type Decoder = Wire<U>;

    fn encoder(&mut self) -> Wire<T> {
        Wire(PhantomData)
    }

    fn decoder(&mut self) -> Wire<U> {
        Wire(PhantomData)
    }
}

impl<T: Message> Encoder for Wire<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, message: T, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&message.encode_to_vec());
        Ok(())
    }
}

impl<U: Message + Default> Decoder for Wire<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = bytes.copy_to_bytes(bytes.remaining());
        U::decode(&*bytes).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

/// Messages as the bytes that they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }
}
