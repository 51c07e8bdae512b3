//! `archipelago ctl export` and `import`: worlds as compressed files.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::Path;

use archipelago_gateway::Gateway;
use bytes::Bytes;
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use futures::TryStreamExt as _;
use http::Method;
use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;

use crate::cli::CtlOptions;
use crate::ctl::ask;
use crate::error::{Error, Result};

const PATH: &str = "/_archipelago/world";
const PIECE: usize = 256 << 10;
const WAITING: usize = 4;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file that is there is replaced once the new one is whole.
pub(crate) async fn export(options: &CtlOptions, file: &Path) -> Result<()> {
    let wrong = |error: io::Error| Error::File(file.into(), error.to_string());
    let mut world = ask(options, Method::GET, PATH, Empty::<Bytes>::new()).await?;
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".part");
    let mut written = GzEncoder::new(File::create(&unfinished).map_err(wrong)?, Compression::fast());
    while let Some(frame) = world.frame().await {
        let frame = frame.map_err(|error| Error::other(format!("the world broke off: {error}")))?;
        if let Ok(data) = frame.into_data() {
            written.write_all(&data).map_err(wrong)?;
        }
    }
    written.finish().and_then(|file| file.sync_all()).map_err(wrong)?;
    std::fs::rename(&unfinished, file).map_err(wrong)
}

pub(crate) async fn import(options: &CtlOptions, file: &Path) -> Result<()> {
    let (world, reading) = open(file)?;
    let answered = ask(options, Method::POST, PATH, world).await;
    let answer = reading.judge(file, answered).await?.collect().await.map_err(Error::other)?.to_bytes();
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}

/// For a cluster that has not served anybody yet.
pub(crate) async fn begin_with(gateway: &Gateway, file: &Path) -> Result<()> {
    let (world, reading) = open(file)?;
    let imported = gateway.import(world).await.map_err(Error::other);
    reading.judge(file, imported).await
}

type Pieces = ReceiverStream<io::Result<Bytes>>;

/// A world's file as a body.
fn open(file: &Path) -> Result<(impl Body<Data = Bytes, Error = io::Error> + Unpin + Send + 'static, Reading)> {
    let wrong = |error: io::Error| Error::File(file.into(), error.to_string());
    let mut packed = BufReader::new(File::open(file).map_err(wrong)?);
    let zipped = packed.fill_buf().map_err(wrong)?.starts_with(&GZIP);
    let (pieces, body) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || {
        if zipped { read(MultiGzDecoder::new(packed), &pieces) } else { read(packed, &pieces) }
    });
    Ok((StreamBody::new(Pieces::new(body).map_ok(Frame::data)), Reading(reading)))
}

/// A file that is being read.
struct Reading(JoinHandle<io::Result<()>>);

impl Reading {
    /// What is wrong with the file says more than that the world broke off.
    async fn judge<T>(self, file: &Path, outcome: Result<T>) -> Result<T> {
        match self.0.await.map_err(Error::other)? {
            Err(error) if outcome.is_err() => Err(Error::File(file.into(), error.to_string())),
            _ => outcome,
        }
    }
}

/// Ends early, and well, once nobody listens any more: then there is an answer.
fn read(mut file: impl Read, pieces: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
    loop {
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => {
                piece.truncate(length);
                if pieces.blocking_send(Ok(piece.into())).is_err() {
                    return Ok(());
                }
            }
            Err(error) => {
                let _ = pieces.blocking_send(Err(io::Error::other("the file is damaged")));
                return Err(error);
            }
        }
    }
}
