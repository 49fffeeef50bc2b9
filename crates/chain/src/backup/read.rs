//! Reads a backup and believes nothing in it but what hashes and certificates show.

use super::{
    BackupError, Summary,
    format::{FRAME_BYTES, MAGIC, MAX_WAITING, SUM_BYTES, Tag, VERSION, read_triple},
};
use alloy_primitives::{B256, Bytes};
use commonware_codec::{Copying, DecodeExt as _};
use sha2::{Digest as _, Sha256};
use std::io::{ErrorKind, Read};
use zhengtong_types::{
    Finality, NetworkKey,
    consensus::{Block, Finalization},
};

/// What a backup has, in the order of the file.
#[derive(Debug)]
pub enum Item {
    /// A raw transaction that was acknowledged and not final.
    Waiting(Bytes),
    /// The child of the block before, or of the genesis block.
    Block(Box<Block>),
    /// Of the block before; its signature is the network's.
    Certificate(Box<Finalization>),
}

/// Reads the file once, from the start. Only a reader that has come to the end without an error has read a backup: until
/// then blocks are linked, but the newest of them may not be certified.
pub struct Reader<R> {
    input: R,
    key: NetworkKey,
    sum: Sha256,
    at: u64,
    /// The last block, number and hash.
    last: (u64, B256),
    header: Bytes,
    certified: u64,
    certificates: u64,
    waiting: u64,
    height: u64,
    summary: Option<Summary>,
}

impl<R: Read> Reader<R> {
    /// Reads the head of a file, which must be of this network.
    pub fn open(input: R, chain_id: u64, genesis: B256, key: NetworkKey) -> Result<Self, BackupError> {
        let mut reader = Self {
            input,
            key,
            sum: Sha256::new(),
            at: 0,
            last: (0, genesis),
            header: Bytes::new(),
            certified: 0,
            certificates: 0,
            waiting: 0,
            height: 0,
            summary: None,
        };
        let mut start = [0; MAGIC.len() + 1];
        reader.fill(&mut start)?;
        let [magic @ .., version] = &start;
        if magic != MAGIC {
            return Err(BackupError::NotABackup);
        }
        if *version != VERSION {
            return Err(BackupError::Format {
                found: *version,
                known: VERSION,
            });
        }
        let (tag, content) = reader.frame()?;
        let head = (tag == Tag::Head).then(|| read_triple(&content)).flatten();
        let (found_chain, found, height) = head.ok_or_else(|| reader.damaged("it has no head"))?;
        if found != genesis || found_chain != chain_id {
            return Err(BackupError::OtherNetwork {
                found,
                expected: genesis,
            });
        }
        reader.height = height;
        Ok(reader)
    }

    /// The last block's number, as the head says.
    pub const fn height(&self) -> u64 {
        self.height
    }

    /// What was read, once everything was.
    pub const fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Reads to the end, and answers what the backup is.
    pub fn check(mut self, mut progress: impl FnMut(u64, u64)) -> Result<Summary, BackupError> {
        while let Some(item) = self.next()? {
            if let Item::Block(block) = item {
                progress(block.number(), self.height);
            }
        }
        self.summary.clone().ok_or(BackupError::Cut { at: self.at })
    }

    /// The next item; `None` at the end, where the sum and the last certificate were checked.
    #[expect(clippy::should_implement_trait, reason = "it fails")]
    pub fn next(&mut self) -> Result<Option<Item>, BackupError> {
        if self.summary.is_some() {
            return Ok(None);
        }
        let (tag, content) = self.frame()?;
        match tag {
            Tag::Head => Err(self.damaged("a second head")),
            Tag::Waiting if self.last.0 > 0 || content.is_empty() => {
                Err(self.damaged("a waiting transaction that is empty or behind a block"))
            }
            Tag::Waiting => {
                self.waiting += 1;
                if self.waiting > MAX_WAITING {
                    return Err(self.damaged("too many waiting transactions"));
                }
                Ok(Some(Item::Waiting(content.into())))
            }
            Tag::Block => self
                .block(&content)
                .map(|block| Some(Item::Block(Box::new(block)))),
            Tag::Certificate => self
                .certificate(content)
                .map(|found| Some(Item::Certificate(Box::new(found)))),
            Tag::End => self.end(&content).map(|()| None),
        }
    }

    fn block(&mut self, content: &[u8]) -> Result<Block, BackupError> {
        let block = Block::decode(Copying(content));
        let block = block.map_err(|source| self.damaged(&format!("a block that is none: {source}")))?;
        let (number, hash) = self.last;
        if block.header().parent_hash != hash || Some(block.number()) != number.checked_add(1) {
            return Err(self.damaged(&format!(
                "block {} does not follow block {number}, {hash}",
                block.number()
            )));
        }
        if block.number() > self.height {
            return Err(self.damaged("more blocks than the head says"));
        }
        self.last = (block.number(), block.hash());
        self.header = block.header_rlp().clone();
        Ok(block)
    }

    fn certificate(&mut self, content: Vec<u8>) -> Result<Finalization, BackupError> {
        let (number, _) = self.last;
        if self.certified >= number {
            return Err(self.damaged("a certificate without a block"));
        }
        let finalization = Finalization::decode(Copying(content.as_slice()));
        let finalization =
            finalization.map_err(|source| self.damaged(&format!("a certificate that is none: {source}")))?;
        let finality = Finality {
            certificate: content.into(),
            headers: vec![self.header.clone()],
        };
        finality
            .verify_block(&self.key, number)
            .map_err(|source| BackupError::Certificate { number, source })?;
        self.certified = number;
        self.certificates += 1;
        Ok(finalization)
    }

    fn end(&mut self, content: &[u8]) -> Result<(), BackupError> {
        let (number, hash) = self.last;
        if read_triple(content) != Some((number, hash, self.waiting)) || number != self.height {
            return Err(self.damaged("its end does not say what it has"));
        }
        if self.certified != number {
            return Err(BackupError::Uncertified { number });
        }
        let sha256: [u8; SUM_BYTES] = self.sum.finalize_reset().into();
        let mut found = [0; SUM_BYTES];
        self.fill(&mut found)?;
        if found != sha256 {
            return Err(BackupError::Changed);
        }
        if self.input.read(&mut [0])? != 0 {
            return Err(self.damaged("something behind its end"));
        }
        self.summary = Some(Summary {
            height: number,
            hash,
            certificates: self.certificates,
            waiting: self.waiting,
            bytes: self.at,
            sha256,
        });
        Ok(())
    }

    fn frame(&mut self) -> Result<(Tag, Vec<u8>), BackupError> {
        let mut start = [0; FRAME_BYTES];
        self.fill(&mut start)?;
        let [tag, length @ ..] = start;
        let tag = Tag::read(tag).ok_or_else(|| self.damaged("a frame of no known kind"))?;
        let length = u32::from_be_bytes(length) as usize;
        if length > tag.limit() {
            return Err(self.damaged(&format!("a frame of {length} bytes, at most {}", tag.limit())));
        }
        let mut content = vec![0; length];
        self.fill(&mut content)?;
        Ok((tag, content))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        match self.input.read_exact(bytes) {
            Ok(()) => {}
            Err(source) if source.kind() == ErrorKind::UnexpectedEof => {
                return Err(BackupError::Cut { at: self.at });
            }
            Err(source) => return Err(source.into()),
        }
        self.sum.update(&*bytes);
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn damaged(&self, what: &str) -> BackupError {
        BackupError::Damaged {
            at: self.at,
            what: what.to_owned(),
        }
    }
}
