//! Whether a validator's data still has everything that it voted.
//!
//! A mark of random digits is beside the shares, in the block store and in the engine's folder. It is made before the first
//! vote, in the data before beside the shares, so that a crash in between is a first start again. A validator whose data
//! does not have the mark that its shares have has lost votes: it starts as one that was made from a backup. What it votes
//! from then on has a mark of its own, so that the data that was lost is known as such when it comes back.

use crate::{data::DataFolder, files};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use thiserror::Error;
use zhengtong_chain::{Store, StoreError};

/// The mark's name beside the shares.
pub const BESIDE_SHARES: &str = "voter";
/// The mark's name in the engine's folder. The engine keeps folders there.
const IN_ENGINE: &str = "voter";
const MARK_BYTES: usize = 16;

/// Why it cannot be said what a node has voted.
#[derive(Debug, Error)]
pub enum VotesError {
    #[error("{path} cannot be used: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a start found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Votes {
    /// The data has all votes; there may be none yet.
    Whole,
    /// The node has voted, or may have, and part of its data is not what it voted with.
    Gone,
}

/// The places of the mark.
pub struct Marks<'a> {
    pub shares: &'a Path,
    pub data: &'a DataFolder,
    pub store: &'a Store,
}

impl Marks<'_> {
    fn beside_shares(&self) -> PathBuf {
        self.shares.join(BESIDE_SHARES)
    }

    fn in_engine(&self) -> PathBuf {
        self.data.engine().join(IN_ENGINE)
    }

    /// Compares the marks. `reshared` says that there is a share of a later epoch than the first, which only a node has that
    /// has run; it and stored blocks tell where there is no mark yet.
    pub fn look(&self, reshared: bool) -> Result<Votes, VotesError> {
        let in_engine = read(&self.in_engine())?;
        let gone = match read(&self.beside_shares())? {
            Some(mark) => {
                in_engine.as_deref() != Some(&mark) || self.store.voter()?.as_deref() != Some(mark.as_bytes())
            }
            None => {
                let blocks = self.store.tip()?.is_some_and(|tip| tip > 0);
                let is_marked = self.store.voter()?.is_some();
                match is_empty(&self.data.engine())? {
                    true => reshared || blocks,
                    // The folder of the shares is another than the one that voted.
                    false => is_marked && blocks,
                }
            }
        };
        Ok(if gone { Votes::Gone } else { Votes::Whole })
    }

    /// Makes all marks alike, before this node votes, and others than before if votes are gone. What is gone must be noted
    /// before.
    pub fn make(&self, found: Votes) -> Result<(), VotesError> {
        let kept = read(&self.beside_shares())?.filter(|mark| !mark.is_empty());
        let mark = match (kept, found) {
            (Some(mark), Votes::Whole) => mark,
            _ => hex::encode(rand::random::<[u8; MARK_BYTES]>()),
        };
        self.store.set_voter(mark.as_bytes())?;
        write(&self.in_engine(), &mark)?;
        sync_around(&self.data.engine())?;
        write(&self.beside_shares(), &mark)?;
        sync_around(self.shares)
    }

    /// Makes data that was made from a backup the one that the node's shares vote from, if they have voted.
    pub fn adopt(&self) -> Result<(), VotesError> {
        match read(&self.beside_shares())? {
            Some(_) => self.make(Votes::Gone),
            None => Ok(()),
        }
    }
}

fn error(path: &Path, source: io::Error) -> VotesError {
    VotesError::Io {
        path: path.into(),
        source,
    }
}

fn read(path: &Path) -> Result<Option<String>, VotesError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(error(path, source)),
    }
}

/// Writes durably what is not there yet.
fn write(path: &Path, mark: &str) -> Result<(), VotesError> {
    if read(path)?.as_deref() == Some(mark) {
        return Ok(());
    }
    files::write(path, mark.as_bytes(), true).map_err(|source| error(path, source))
}

/// Makes it durable that a folder is there.
fn sync_around(folder: &Path) -> Result<(), VotesError> {
    files::sync_around(folder).map_err(|source| error(folder, source))
}

fn is_empty(folder: &Path) -> Result<bool, VotesError> {
    files::is_empty(folder).map_err(|source| error(folder, source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;

    /// A node's folder whose data can go.
    struct Node(tempfile::TempDir);

    impl Node {
        fn start(&self, reshared: bool) -> Votes {
            let (shares, data) = (self.0.path().join("shares"), self.0.path().join("data"));
            fs::create_dir_all(&shares).expect("writes");
            let data = DataFolder::open(&data, B256::ZERO).expect("opens");
            let store = Store::open(&data.blocks()).expect("opens");
            let marks = Marks {
                shares: &shares,
                data: &data,
                store: &store,
            };
            let found = marks.look(reshared).expect("reads");
            marks.make(found).expect("writes");
            found
        }

        fn lose(&self, name: &str) {
            let path = self.0.path().join(name);
            let lost = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            lost.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }

    fn node() -> Node {
        Node(tempfile::tempdir().expect("a folder"))
    }

    #[test]
    fn a_first_start_has_lost_nothing_and_neither_have_later_ones() {
        let node = node();
        for _ in 0..3 {
            assert_eq!(node.start(false), Votes::Whole);
        }
        // Its first epoch is over.
        assert_eq!(node.start(true), Votes::Whole);
    }

    #[test]
    fn whatever_part_of_the_data_goes_is_noticed_once() {
        for part in ["data", "data/engine", "data/engine/voter", "data/blocks.redb"] {
            let node = node();
            node.start(false);
            node.lose(part);
            assert_eq!(node.start(false), Votes::Gone, "{part}");
            assert_eq!(node.start(false), Votes::Whole, "{part}");
        }
    }

    #[test]
    fn data_that_comes_back_after_the_node_voted_without_it_is_not_taken_as_whole() {
        let node = node();
        node.start(false);
        let (data, aside) = (node.0.path().join("data"), node.0.path().join("aside"));
        fs::rename(&data, &aside).expect("moves");
        assert_eq!(node.start(false), Votes::Gone);
        fs::remove_dir_all(&data).expect("deletes");
        fs::rename(&aside, &data).expect("moves");
        assert_eq!(node.start(false), Votes::Gone);
        assert_eq!(node.start(false), Votes::Whole);
    }

    #[test]
    fn a_start_that_was_cut_short_is_a_first_one_again() {
        let node = node();
        node.start(false);
        node.lose("shares/voter");
        assert_eq!(node.start(false), Votes::Whole);
    }

    #[test]
    fn data_of_a_program_without_marks_is_taken_as_it_is_unless_the_engine_is_gone() {
        let node = node();
        node.start(false);
        node.lose("shares/voter");
        node.lose("data/engine/voter");
        fs::create_dir(node.0.path().join("data/engine/votes")).expect("writes");
        assert_eq!(node.start(true), Votes::Whole);
        node.lose("shares/voter");
        node.lose("data");
        assert_eq!(node.start(true), Votes::Gone);
    }

    #[test]
    fn an_empty_mark_says_that_restored_keys_have_voted() {
        let node = node();
        fs::create_dir_all(node.0.path().join("shares")).expect("writes");
        fs::write(node.0.path().join("shares/voter"), "").expect("writes");
        assert_eq!(node.start(false), Votes::Gone);
        assert_eq!(node.start(false), Votes::Whole);
    }
}
