//! A file on its way into the journal: on the disk, without a name. So it is not in memory, and nothing is left of it
//! when the process ends.

use std::io::{Result, SeekFrom};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// Pieces in which a file is handed on.
const PIECE: usize = 1024 * 1024;
/// Characters of base64 that are decoded at once: groups of four.
const GROUPS: usize = 64 * 1024;
/// By so many bytes the type of a file is told.
const HEAD: usize = 8192;

/// Takes bytes up, to a limit.
pub struct Spool {
    file: File,
    size: u64,
    limit: u64,
    hasher: blake3::Hasher,
    head: Vec<u8>,
}

/// A file as a whole.
pub struct Spooled {
    file: File,
    pub size: u64,
    /// BLAKE3, in hexadecimal digits.
    pub hash: String,
    /// Its first bytes.
    pub head: Vec<u8>,
}

/// Why a file was not taken up.
#[derive(Debug)]
pub enum NotSpooled {
    TooLarge,
    NotBase64,
    Failed(std::io::Error),
}

impl From<std::io::Error> for NotSpooled {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Spool {
    pub fn new(limit: u64) -> Result<Self> {
        let file = File::from_std(tempfile::tempfile()?);
        Ok(Self { file, size: 0, limit, hasher: blake3::Hasher::new(), head: Vec::new() })
    }

    pub async fn write(&mut self, bytes: &[u8]) -> std::result::Result<(), NotSpooled> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            return Err(NotSpooled::TooLarge);
        }
        self.hasher.update(bytes);
        let lacking = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..lacking]);
        self.file.write_all(bytes).await?;
        Ok(())
    }

    /// Decodes as it writes. White space between the characters counts for nothing.
    pub async fn write_base64(&mut self, text: &str) -> std::result::Result<(), NotSpooled> {
        let mut group = Vec::with_capacity(GROUPS);
        let mut is_over = false;
        for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
            if group.len() == GROUPS {
                // Padding ends the text.
                is_over |= group.contains(&b'=');
                self.write_group(&mut group).await?;
            }
            if is_over {
                return Err(NotSpooled::NotBase64);
            }
            group.push(byte);
        }
        self.write_group(&mut group).await
    }

    async fn write_group(&mut self, group: &mut Vec<u8>) -> std::result::Result<(), NotSpooled> {
        let bytes = STANDARD.decode(&group).map_err(|_| NotSpooled::NotBase64)?;
        group.clear();
        self.write(&bytes).await
    }

    pub async fn end(mut self) -> Result<Spooled> {
        self.file.flush().await?;
        self.file.seek(SeekFrom::Start(0)).await?;
        let hash = self.hasher.finalize().to_hex().to_string();
        Ok(Spooled { file: self.file, size: self.size, hash, head: self.head })
    }
}

impl Spooled {
    /// All of it, from the beginning.
    pub fn pieces(self) -> BoxStream<'static, Result<Bytes>> {
        stream::try_unfold(self.file, |mut file| async move {
            let mut piece = BytesMut::with_capacity(PIECE);
            while piece.len() < PIECE {
                let mut rest = (&mut file).take((PIECE - piece.len()) as u64);
                if rest.read_buf(&mut piece).await? == 0 {
                    break;
                }
            }
            Ok((!piece.is_empty()).then(|| (piece.freeze(), file)))
        })
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    async fn read(spooled: Spooled) -> Vec<Bytes> {
        spooled.pieces().try_collect().await.unwrap()
    }

    #[tokio::test]
    async fn a_file_comes_back_as_it_was_in_pieces() {
        let bytes: Vec<u8> = (0..PIECE * 2 + 7).map(|at| (at % 251) as u8).collect();
        let text = STANDARD.encode(&bytes);
        let folded = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>();
        let mut spool = Spool::new(bytes.len() as u64).unwrap();
        spool.write_base64(&folded.join("\r\n")).await.unwrap();
        let spooled = spool.end().await.unwrap();
        assert_eq!(spooled.size, bytes.len() as u64);
        assert_eq!(spooled.hash, blake3::hash(&bytes).to_hex().to_string());
        assert_eq!(spooled.head, bytes[..HEAD]);
        let pieces = read(spooled).await;
        assert_eq!(pieces.iter().map(Bytes::len).collect::<Vec<_>>(), [PIECE, PIECE, 7]);
        assert_eq!(pieces.concat(), bytes);
    }

    #[tokio::test]
    async fn what_is_no_base64_and_what_is_too_large_is_refused() {
        let long = |end: &str| "QUJD".repeat(GROUPS / 4 - 1) + end;
        for bad in ["%%%%", "QUI", "QUI=QUJD", "QQ=="].map(str::to_owned).into_iter().chain([long("QUI=QUJD")]) {
            let mut spool = Spool::new(1).unwrap();
            let limit = if bad == "QQ==" { 0 } else { 1 << 20 };
            spool.limit = limit;
            let refused = spool.write_base64(&bad).await.unwrap_err();
            match limit {
                0 => assert!(matches!(refused, NotSpooled::TooLarge), "{refused:?}"),
                _ => assert!(matches!(refused, NotSpooled::NotBase64), "{refused:?}"),
            }
        }
        let mut spool = Spool::new(1 << 20).unwrap();
        spool.write_base64(&long("QUI=")).await.unwrap();
    }
}
