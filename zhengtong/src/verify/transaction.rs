//! One final transaction and what came of it, by its proof alone.

use super::{
    Lang, TransactionArgs, Unchecked, fetch,
    key::{self, Origin},
    proofs,
    report::{self, StepName, StepResult},
    say::Progress,
    words::{self, pick},
};
use crate::council::time;
use alloy_consensus::{Transaction as _, TxEnvelope};
use alloy_eips::Decodable2718 as _;
use alloy_primitives::{Address, B256, keccak256};
use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use std::fmt::Write as _;
use zhengtong_client::ClientError;
use zhengtong_types::{NetworkKey, ReceiptProof, Step, VerifiedReceipt, VerifyError};

/// The steps of a receipt's proof, in the order in which they are taken.
const STEPS: &[(Step, StepName)] = proofs::STEPS.split_at(4).0;

/// What was checked.
#[derive(Debug, Serialize)]
pub struct Report {
    hash: B256,
    network_key: String,
    #[serde(skip)]
    origin: Origin,
    pub verified: bool,
    steps: Vec<StepResult>,
    /// What is proven, if all is.
    summary: Option<Summary>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Summary {
    block_number: u64,
    block_hash: B256,
    /// Unix seconds.
    made_at: u64,
    transaction_index: u64,
    from: Address,
    /// `None`: it made a contract.
    to: Option<Address>,
    nonce: u64,
    /// Whether it did what it asked; one that did not left only its nonce.
    succeeded: bool,
    logs: usize,
}

/// Fetches or reads a proof and checks it.
pub async fn run(args: &TransactionArgs) -> Result<Report> {
    let (key, origin) = key::find(args.common.network_key, &args.common.data)?;
    let proof = match (&args.file, args.hash) {
        (Some(file), _) => serde_json::from_slice(&fetch::bytes(file)?)
            .with_context(|| format!("{} is no proof of a transaction", file.display()))?,
        (None, Some(hash)) => from_node(args, hash, &key).await?,
        (None, None) => bail!("name a transaction, or a file with --file"),
    };
    let report = check(&proof, &key, origin, args.hash);
    if let Some(path) = &args.export
        && report.verified
    {
        fetch::export(&proof, path)?;
    }
    Ok(report)
}

/// Nothing that the node sends is believed.
async fn from_node(args: &TransactionArgs, hash: B256, key: &NetworkKey) -> Result<ReceiptProof> {
    Progress {
        lang: args.common.lang,
    }
    .asking(&args.rpc);
    let client = fetch::connect(&args.rpc, key).await?;
    match client.receipt_proof(hash).await {
        Err(ClientError::Refused { message, .. }) => {
            let rpc = args.rpc.to_string();
            Err(Unchecked::NoTransaction { rpc, hash, message }.into())
        }
        answer => Ok(answer?),
    }
}

/// Checks a proof, which may be that of any transaction if none is named. Pure: no clock, network or disk.
fn check(proof: &ReceiptProof, key: &NetworkKey, origin: Origin, hash: Option<B256>) -> Report {
    let checked = match hash {
        Some(hash) => proof.verify_transaction(key, hash),
        None => proof.verify(key),
    };
    let transaction = TxEnvelope::decode_2718(&mut proof.transaction.as_ref())
        .ok()
        .and_then(|envelope| zhengtong_evm::recover(envelope).ok());
    let summary = checked
        .as_ref()
        .ok()
        .zip(transaction)
        .map(|(receipt, transaction)| Summary {
            block_number: receipt.header().number(),
            block_hash: receipt.header().hash(),
            made_at: receipt.header().header().timestamp,
            transaction_index: receipt.transaction_index(),
            from: transaction.signer(),
            to: transaction.to(),
            nonce: transaction.nonce(),
            succeeded: receipt.succeeded(),
            logs: receipt.logs().len(),
        });
    Report {
        hash: hash.unwrap_or_else(|| keccak256(&proof.transaction)),
        network_key: key.to_string(),
        origin,
        verified: checked.is_ok(),
        steps: steps(&checked),
        summary,
    }
}

fn steps(checked: &Result<VerifiedReceipt, VerifyError>) -> Vec<StepResult> {
    let failed = checked.as_ref().err().map(|error| {
        let place = STEPS.iter().position(|(step, _)| *step == error.step());
        (place.unwrap_or(STEPS.len() - 1), error.to_string())
    });
    let places = STEPS.iter().enumerate();
    places
        .map(|(place, (_, step))| {
            let (ok, detail) = match &failed {
                Some((at, why)) if place == *at => (Some(false), why.clone()),
                Some((at, _)) if place > *at => (None, String::new()),
                _ => (Some(true), String::new()),
            };
            StepResult {
                step: *step,
                ok,
                detail,
            }
        })
        .collect()
}

/// The report for a person.
pub fn text(report: &Report, lang: Lang) -> String {
    let title = pick(lang, "核验交易", "Checking a transaction");
    let mut out = report::heading(title, report.hash, &report.network_key, &report.origin, lang);
    out.push_str(&report::marks(&report.steps, lang));
    if let Some(summary) = &report.summary {
        let _ = write!(out, "\n{}", told(summary, lang));
    }
    let _ = writeln!(out, "\n{}", words::verdict(lang, &report.steps));
    out
}

fn told(summary: &Summary, lang: Lang) -> String {
    let Summary {
        block_number,
        block_hash,
        transaction_index,
        from,
        nonce,
        logs,
        ..
    } = summary;
    let to = summary.to.map_or_else(
        || pick(lang, "创建合约", "creates a contract").to_owned(),
        |to| to.to_string(),
    );
    let result = match summary.succeeded {
        true => pick(lang, "已执行", "done"),
        false => pick(lang, "已撤销，未产生任何变化", "reverted, and changed nothing"),
    };
    [
        format!(
            "{}: {block_number} {block_hash}, {} {transaction_index}, {}",
            pick(lang, "区块", "block"),
            pick(lang, "位置", "place"),
            time(summary.made_at),
        ),
        format!(
            "{}: {from}, {} {nonce}",
            pick(lang, "发送方", "from"),
            pick(lang, "序号", "nonce")
        ),
        format!("{}: {to}", pick(lang, "接收方", "to")),
        format!(
            "{}: {result}, {} {logs}",
            pick(lang, "结果", "result"),
            pick(lang, "事件数", "events")
        ),
    ]
    .map(|line| line + "\n")
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by another program than the verifier; see `crates/types/tests`.
    fn golden() -> (ReceiptProof, NetworkKey) {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../../crates/types/tests/golden/proofs.json")).unwrap();
        let network = &file["networks"][0];
        let proof = serde_json::from_value(network["receipts"][0].clone()).unwrap();
        (proof, network["publicKey"].as_str().unwrap().parse().unwrap())
    }

    fn passed(report: &Report) -> Vec<Option<bool>> {
        report.steps.iter().map(|result| result.ok).collect()
    }

    #[test]
    fn a_proof_says_what_it_proves_in_both_languages() {
        let (proof, key) = golden();
        let hash = keccak256(&proof.transaction);
        let report = check(&proof, &key, Origin::Given, Some(hash));
        assert!(report.verified);
        assert_eq!(passed(&report), [Some(true); 4]);
        let summary = report.summary.as_ref().unwrap();
        assert_eq!(summary.block_number, proof.block_number);
        let (zh, en) = (text(&report, Lang::Zh), text(&report, Lang::En));
        for said in [
            hash.to_string(),
            summary.from.to_string(),
            summary.block_hash.to_string(),
        ] {
            assert!(zh.contains(&said) && en.contains(&said), "{said}");
        }
        assert!(
            zh.contains("全部通过") && en.contains("Everything holds"),
            "{zh}{en}"
        );
    }

    #[test]
    fn what_is_not_proven_is_told_by_the_step_at_which_it_fails() {
        let (proof, key) = golden();
        let other = check(&proof, &key, Origin::Given, Some(B256::ZERO));
        assert_eq!(passed(&other), [Some(true), Some(true), Some(false), None]);

        let mut cut = proof.clone();
        cut.receipt = cut.receipt.slice(..cut.receipt.len() - 1);
        let cut = check(&cut, &key, Origin::Given, None);
        assert_eq!(passed(&cut), [Some(true), Some(true), Some(true), Some(false)]);
        assert!(!cut.verified && cut.summary.is_none());
        assert!(text(&cut, Lang::En).contains("Does not hold"));

        let mut moved = proof;
        moved.block_number += 1;
        let moved = check(&moved, &key, Origin::Given, None);
        assert_eq!(passed(&moved), [Some(true), Some(false), None, None]);
    }
}
