//! A world's file: messages one after the other, each after its length.

use archipelago_proto::Ec2Error;
use archipelago_proto::cluster::v1::WorldPart;
use archipelago_proto::cluster::v1::world_part::Part;
use bytes::{Buf as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use prost::Message as _;

/// Nobody writes such a part; whoever announces one sends something else.
const LARGEST_PART: usize = 256 << 20;
/// A length takes ten bytes at most.
const LONGEST_LENGTH: usize = 10;

pub(super) fn encode(part: Part) -> Bytes {
    WorldPart { part: Some(part) }.encode_length_delimited_to_vec().into()
}

/// Takes the parts out of a body as they arrive.
pub(super) struct Reader<B> {
    body: B,
    buffer: BytesMut,
}

impl<B: Body<Data = Bytes> + Unpin> Reader<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body, buffer: BytesMut::new() }
    }

    /// The next part; None at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Part>, Ec2Error> {
        loop {
            if let Some(part) = take(&mut self.buffer)? {
                return Ok(Some(part));
            }
            let frame = match self.body.frame().await {
                Some(frame) => frame.map_err(|_| damaged("The connection broke before its end"))?,
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err(damaged("It ends in the middle of a part")),
            };
            if let Ok(data) = frame.into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
    }

    /// Reads the rest away: who sends all of it before listening hears what was wrong, and not of a broken connection.
    pub(super) async fn discard(mut self) {
        self.buffer.clear();
        while let Some(Ok(_)) = self.body.frame().await {}
    }
}

/// The first part, if all of it is there.
fn take(buffer: &mut BytesMut) -> Result<Option<Part>, Ec2Error> {
    let mut rest = &buffer[..];
    let Ok(length) = prost::decode_length_delimiter(&mut rest) else {
        return if buffer.len() < LONGEST_LENGTH { Ok(None) } else { Err(damaged("It is no world")) };
    };
    if length > LARGEST_PART {
        return Err(damaged("It is no world"));
    }
    if rest.len() < length {
        return Ok(None);
    }
    let start = buffer.len() - rest.len();
    buffer.advance(start);
    let part = WorldPart::decode(buffer.split_to(length).freeze()).map_err(|_| damaged("It is no world"))?;
    part.part.map(Some).ok_or_else(|| damaged("It has a part that is not known here"))
}

pub(super) fn damaged(why: &str) -> Ec2Error {
    Ec2Error::invalid_parameter(format!("The world cannot be read: {why}."))
}

#[cfg(test)]
mod tests {
    use archipelago_proto::cluster::v1::{WorldEnd, WorldHeader};
    use http_body_util::Full;

    use super::*;

    fn reader(bytes: Bytes) -> Reader<Full<Bytes>> {
        Reader::new(Full::new(bytes))
    }

    #[tokio::test]
    async fn parts_come_out_as_they_went_in() {
        let header = Part::Header(WorldHeader { format: 1, version: "x".repeat(300) });
        let end = Part::End(WorldEnd { records: 7 });
        let mut reader = reader([encode(header.clone()), encode(end.clone())].concat().into());
        assert_eq!(reader.next().await.unwrap(), Some(header));
        assert_eq!(reader.next().await.unwrap(), Some(end));
        assert_eq!(reader.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_no_world_is_told_from_one_that_is_cut() {
        let whole = encode(Part::End(WorldEnd { records: 1 << 40 }));
        for (bytes, why) in [
            (whole.slice(..whole.len() - 1), "in the middle"),
            (Bytes::from(b"<html><body>nothing</body></html>".repeat(9)), "no world"),
            (Bytes::from_static(&[0xff; 32]), "no world"),
            (Bytes::from_static(&[0]), "not known"),
        ] {
            let error = reader(bytes).next().await.unwrap_err();
            assert!(error.message.contains(why), "{}", error.message);
        }
    }
}
