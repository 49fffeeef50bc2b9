//! Where a store begins that does not begin at the genesis block, because the node began at a certified block.

use super::{BLOCKS, CODES, META, NUMBERS, Store, StoreError};
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::{Decodable as _, RlpDecodable, RlpEncodable};
use redb::{ReadableDatabase as _, TableDefinition};
use std::sync::atomic::Ordering;

/// RLP headers of blocks below the first that is kept whole.
pub(super) const ANCESTORS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("ancestors");
/// Note with the number of the first block that is kept whole, big-endian. The genesis block is kept besides.
pub(super) const FIRST: &str = "first";
/// Note with the [`Start`].
const START: &str = "start";

/// The certified block that a node began from.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Start {
    pub number: u64,
    pub hash: B256,
    /// The engine's encoding of the block's finalization.
    pub finalization: Bytes,
    /// Whether everything that the block needs is here.
    pub complete: bool,
}

impl Store {
    /// The first block that is kept whole, besides the genesis block. 0 if all are.
    pub fn first(&self) -> u64 {
        self.first.load(Ordering::Acquire)
    }

    /// The block that this node began from; `None` if it began at the genesis block.
    pub fn start(&self) -> Result<Option<Start>, StoreError> {
        let Some(bytes) = self.note(START)? else {
            return Ok(None);
        };
        Start::decode(&mut bytes.as_slice())
            .map(Some)
            .map_err(|_| StoreError::DamagedNote(START))
    }

    /// Begins at a certified block. `headers` are RLP headers, the block's own first, each the parent of the one before.
    /// An earlier beginning that was not completed is forgotten.
    pub fn begin(&self, start: &Start, headers: &[Bytes]) -> Result<(), StoreError> {
        let write = self.database.begin_write()?;
        {
            let mut ancestors = write.open_table(ANCESTORS)?;
            let mut numbers = write.open_table(NUMBERS)?;
            for entry in ancestors.extract_if(|_, _| true)? {
                numbers.remove(&keccak256(entry?.1.value()).0)?;
            }
            for (header, number) in headers.iter().zip((0..=start.number).rev()) {
                ancestors.insert(number, header.as_ref())?;
                numbers.insert(&keccak256(header).0, number)?;
            }
            let encoded = alloy_rlp::encode(start);
            write.open_table(META)?.insert(START, encoded.as_slice())?;
        }
        Ok(write.commit()?)
    }

    /// Notes that everything is here that the block needs from which this node began. Blocks are kept from the next on.
    pub fn complete(&self, start: &Start) -> Result<(), StoreError> {
        let start = Start {
            complete: true,
            ..start.clone()
        };
        let first = start.number + 1;
        let write = self.database.begin_write()?;
        {
            let mut notes = write.open_table(META)?;
            notes.insert(START, alloy_rlp::encode(&start).as_slice())?;
            notes.insert(FIRST, first.to_be_bytes().as_slice())?;
        }
        write.commit()?;
        self.first.store(first, Ordering::Release);
        Ok(())
    }

    /// Stores contract code by its hash, which the caller has checked.
    pub fn put_codes(&self, codes: &[(B256, Bytes)]) -> Result<(), StoreError> {
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(CODES)?;
            for (hash, code) in codes {
                table.insert(&hash.0, code.as_ref())?;
            }
        }
        Ok(write.commit()?)
    }

    /// RLP header of a block that is kept, or of one that was an ancestor where this node began.
    pub fn header(&self, number: u64) -> Result<Option<Bytes>, StoreError> {
        let read = self.database.begin_read()?;
        if let Some(record) = read.open_table(BLOCKS)?.get(number)? {
            let header = first_item(record.value());
            return header.map(Some).map_err(|source| StoreError::Damaged {
                number,
                reason: source.to_string(),
            });
        }
        let found = read.open_table(ANCESTORS)?.get(number)?;
        Ok(found.map(|header| Bytes::copy_from_slice(header.value())))
    }

    /// Hash of a block whose header is here.
    pub fn hash(&self, number: u64) -> Result<Option<B256>, StoreError> {
        if let Some(block) = self.blocks.lock().get(&number) {
            return Ok(Some(block.hash));
        }
        Ok(self.header(number)?.map(keccak256))
    }
}

/// The header of an encoded [`super::Record`], without reading the rest.
fn first_item(mut record: &[u8]) -> Result<Bytes, alloy_rlp::Error> {
    alloy_rlp::Header::decode(&mut record)?;
    Bytes::decode(&mut record)
}
