//! An action, for who does not know its types: bytes in, bytes out.
//!
//! What is generic here is made once for each of some hundred actions, and is kept to decoding and encoding; the way
//! around it (`serve`) is made once.

use archipelago_proto::{Ec2Error, Ec2Result, Input};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::Context;

type Prepare = dyn Fn(&[u8]) -> Ec2Result<Prepared> + Send + Sync;
type Replay = dyn Fn(Context, Bytes) -> BoxFuture<'static, Ec2Result<Bytes>> + Send + Sync;

pub(crate) struct Action {
    /// The EC2 name, such as `CreateVolume`.
    pub(super) name: &'static str,
    /// Where gRPC finds it.
    pub(crate) path: &'static str,
    prepare: Box<Prepare>,
    replayed: Option<Box<Replay>>,
}

/// A request that could be read.
pub(super) struct Prepared {
    pub token: Option<Token>,
    pub run: Box<dyn FnOnce(Context) -> BoxFuture<'static, Ec2Result<Bytes>> + Send>,
}

/// A client's idempotency token.
pub(super) struct Token {
    pub text: String,
    /// The parameters in one order, whatever the client's was.
    pub parameters: Vec<u8>,
}

impl Action {
    /// The action of a function over the schema's messages; the input tells which one it is.
    pub(crate) fn new<I, F, A>(action: A) -> Self
    where
        I: Input + 'static,
        F: Future<Output = Ec2Result<I::Output>> + Send + 'static,
        A: Fn(Context, I) -> F + Copy + Send + Sync + 'static,
    {
        let prepare = move |bytes: &[u8]| {
            let input = I::decode(bytes).map_err(|_| Ec2Error::internal())?;
            let token = input.client_token().filter(|token| !token.is_empty());
            let token = token.map(|text| Token { text: text.to_owned(), parameters: input.encode_to_vec() });
            let run = move |cx| action(cx, input).map(|outcome| outcome.map(encoded)).boxed();
            Ok(Prepared { token, run: Box::new(run) })
        };
        Self { name: I::ACTION, path: I::PATH, prepare: Box::new(prepare), replayed: None }
    }

    /// May refuse what would be answered again to a client's token, or answer as it is by now.
    pub(crate) fn replayed<R, F, A>(mut self, again: A) -> Self
    where
        R: prost::Message + Default,
        F: Future<Output = Ec2Result<R>> + Send + 'static,
        A: Fn(Context, R) -> F + Copy + Send + Sync + 'static,
    {
        self.replayed = Some(Box::new(move |cx, bytes| match R::decode(bytes) {
            Ok(response) => again(cx, response).map(|outcome| outcome.map(encoded)).boxed(),
            Err(_) => futures::future::ready(Err(Ec2Error::internal())).boxed(),
        }));
        self
    }

    pub(super) fn prepare(&self, bytes: &[u8]) -> Ec2Result<Prepared> {
        (self.prepare)(bytes)
    }

    pub(super) async fn replay(&self, cx: Context, response: Bytes) -> Ec2Result<Bytes> {
        match &self.replayed {
            Some(again) => again(cx, response).await,
            None => Ok(response),
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // For `map`.
fn encoded<R: prost::Message>(response: R) -> Bytes {
    response.encode_to_vec().into()
}
