//! What stands behind hashes: the content of a proposal, the article of a law, the words of a statement. It comes with a
//! request from the connected machine, and each piece is believed only where its hash is the one that is signed.

use super::file;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue as _;
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::path::Path;
use zhengtong_bindings::statute_id;

/// The largest file of openings.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// The most pieces of one kind.
const MAX_PIECES: usize = 256;

/// As the file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Openings {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<ProposalContent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statutes: Vec<Article>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<Statement>,
}

/// What the id of a proposal is the hash of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalContent {
    pub targets: Vec<Address>,
    pub values: Vec<U256>,
    pub calldatas: Vec<Bytes>,
    pub description: String,
}

/// What the id of a statute is the hash of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    pub law: String,
    pub article: String,
}

/// The words behind a commitment: keccak256 of salt and text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    #[serde(default)]
    pub salt: Bytes,
    pub text: String,
}

impl Openings {
    pub fn read(path: &Path) -> Result<Self> {
        let text = file::read(path, MAX_FILE_BYTES)?;
        let read: Self = serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
        for count in [read.proposals.len(), read.statutes.len(), read.statements.len()] {
            ensure!(
                count <= MAX_PIECES,
                "{} has more than {MAX_PIECES} pieces of one kind",
                path.display()
            );
        }
        Ok(read)
    }

    pub fn proposal(&self, id: U256) -> Option<&ProposalContent> {
        self.proposals.iter().find(|content| content.id() == id)
    }

    /// The text of an article or of a statement with this hash.
    pub fn text(&self, hash: B256) -> Option<String> {
        let article = self
            .statutes
            .iter()
            .find(|one| statute_id(&one.law, &one.article) == hash);
        let statement = || {
            self.statements
                .iter()
                .find(|one| keccak256([&one.salt, one.text.as_bytes()].concat()) == hash)
        };
        article
            .map(|one| format!("{} {}", one.law, one.article))
            .or_else(|| statement().map(|one| one.text.clone()))
    }
}

impl ProposalContent {
    /// OpenZeppelin's `hashProposal`.
    pub fn id(&self) -> U256 {
        let content = (
            self.targets.clone(),
            self.values.clone(),
            self.calldatas.clone(),
            keccak256(&self.description),
        );
        U256::from_be_bytes(keccak256(content.abi_encode_params()).0)
    }
}
