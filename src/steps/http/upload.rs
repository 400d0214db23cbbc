//! Bodies: text that is at hand, files that are read while they are sent, and forms of both.

use crate::process::not_started;
use futures_util::Stream;
use futures_util::stream::{self, StreamExt};
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use wf_model::failure::Failure;

/// How many bytes of a file are read at once.
const BLOCK: usize = 64 * 1024;

/// What is sent behind the headers.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) content: Vec<Piece>,
    pub(super) content_type: Option<String>,
    /// Whether it is for the origin of the URL alone.
    pub(super) confidential: bool,
}

/// A part of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes that are at hand.
    Bytes(Vec<u8>),
    /// The first bytes of a file, of which there were as many as `length`.
    File {
        /// Where it is: absolute.
        path: PathBuf,
        /// Its length.
        length: u64,
    },
}

impl Piece {
    /// A whole file.
    ///
    /// # Errors
    /// Why it cannot be sent.
    pub(super) fn file(path: PathBuf) -> Result<Self, Failure> {
        let fault = |why: &str| not_started(&format!("file `{}` of `upload` cannot be read: {why}", path.display()));
        let metadata = std::fs::File::open(&path).and_then(|file| file.metadata()).map_err(|error| fault(&error.to_string()))?;
        if !metadata.is_file() {
            return Err(fault("it is no regular file"));
        }
        Ok(Self::File { path, length: metadata.len() })
    }

    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }
}

impl Body {
    /// A body that is at hand.
    pub(super) fn text(content: String, content_type: Option<&str>, confidential: bool) -> Self {
        let content = vec![Piece::Bytes(content.into_bytes())];
        Self { content, content_type: content_type.map(str::to_owned), confidential }
    }

    /// How long it is, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.content.iter().map(Piece::length).sum()
    }

    /// The body as it is sent.
    pub(super) fn sent(&self) -> reqwest::Body {
        match self.content.as_slice() {
            [Piece::Bytes(bytes)] => bytes.clone().into(),
            pieces => reqwest::Body::wrap_stream(stream::iter(pieces.to_vec()).flat_map(blocks)),
        }
    }
}

/// A form of fields and files as `multipart/form-data` (RFC 7578) writes it; `boundary` stands in none of them.
pub(super) fn form(fields: &[(&str, String)], files: Vec<(&str, Piece)>, boundary: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (name, value) in fields {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{value}\r\n", quoted(name));
        pieces.push(Piece::Bytes(head.into_bytes()));
    }
    for (name, file) in files {
        let filename = match &file {
            Piece::File { path, .. } => path.file_name().map(|name| name.to_string_lossy().into_owned()),
            Piece::Bytes(_) => None,
        };
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: application/octet-stream\r\n\r\n",
            quoted(name),
            quoted(&filename.unwrap_or_default()),
        );
        pieces.extend([Piece::Bytes(head.into_bytes()), file, Piece::Bytes(b"\r\n".to_vec())]);
    }
    pieces.push(Piece::Bytes(format!("--{boundary}--\r\n").into_bytes()));
    pieces
}

/// A name as browsers put it between the quotes of a header.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// What of a piece is still to be sent.
enum Rest {
    Bytes(Option<Vec<u8>>),
    Unopened(PathBuf, u64),
    Open(PathBuf, File, u64),
    Nothing,
}

fn blocks(piece: Piece) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
    let rest = match piece {
        Piece::Bytes(bytes) => Rest::Bytes(Some(bytes)),
        Piece::File { path, length } => Rest::Unopened(path, length),
    };
    stream::unfold(rest, |mut rest| async move {
        let block = block(&mut rest).await;
        if block.is_err() {
            rest = Rest::Nothing;
        }
        block.transpose().map(|block| (block, rest))
    })
}

/// The next bytes; `None` behind the last ones.
async fn block(rest: &mut Rest) -> io::Result<Option<Vec<u8>>> {
    if let Rest::Unopened(path, length) = rest {
        *rest = Rest::Open(path.clone(), File::open(&*path).await?, *length);
    }
    match rest {
        Rest::Bytes(bytes) => Ok(bytes.take()),
        Rest::Open(_, _, 0) | Rest::Nothing | Rest::Unopened(..) => Ok(None),
        Rest::Open(path, file, left) => {
            let mut block = vec![0; usize::try_from(*left).unwrap_or(BLOCK).min(BLOCK)];
            let read = file.read(&mut block).await?;
            if read == 0 {
                return Err(shrunk(path));
            }
            block.truncate(read);
            *left -= read as u64;
            Ok(Some(block))
        }
    }
}

fn shrunk(path: &Path) -> io::Error {
    io::Error::other(format!("file `{}` became shorter while it was sent", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{Body, Piece, blocks, form};
    use futures_util::StreamExt;

    #[tokio::test]
    async fn a_form_holds_fields_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a\".csv");
        std::fs::write(&path, "1,2\n").unwrap();
        let content = form(&[("x\"\r\n", "é".to_owned())], vec![("data", Piece::file(path).unwrap())], "B");
        let body = Body { content: content.clone(), content_type: None, confidential: false };
        let sent: Vec<u8> =
            futures_util::stream::iter(content).flat_map(blocks).map(Result::unwrap).concat().await.into_iter().collect();
        let expected = "--B\r\nContent-Disposition: form-data; name=\"x%22%0D%0A\"\r\n\r\né\r\n\
                        --B\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a%22.csv\"\r\n\
                        Content-Type: application/octet-stream\r\n\r\n1,2\n\r\n--B--\r\n";
        assert_eq!(String::from_utf8(sent).unwrap(), expected);
        assert_eq!(body.length(), expected.len() as u64);
    }

    #[tokio::test]
    async fn a_file_that_becomes_shorter_is_no_body() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "12").unwrap();
        let blocks: Vec<_> = blocks(Piece::File { path, length: 3 }).collect().await;
        assert_eq!(blocks.len(), 2);
        assert!(blocks[1].as_ref().unwrap_err().to_string().ends_with("became shorter while it was sent"));
        assert!(Piece::file(folder.path().to_owned()).unwrap_err().message.ends_with("it is no regular file"));
    }
}
