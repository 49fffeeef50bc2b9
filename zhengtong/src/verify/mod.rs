//! `zhengtong verify`: checks a case, a transaction or a resident's export from the network's public key alone.
//!
//! ```text
//! fetch (a node, an index or a file) -> bundle -> proofs -> history -> decision -> report
//! ```
//!
//! Nothing that is fetched is believed. [`proofs`] checks certificate, headers, transactions,
//! receipts and storage; [`history`] that the events are complete and lead to the stored case;
//! [`decision`] that the rules say what was decided. Exit code 0: all holds; 1: something does
//! not; 2: it could not be checked.

mod case;
mod decision;
mod export;
mod fetch;
mod history;
mod key;
mod proofs;
mod report;
mod say;
#[cfg(test)]
mod tests;
mod transaction;
mod words;

use alloy_primitives::B256;
use anyhow::{Result, bail};
use clap::{Subcommand, ValueEnum};
use report::Report;
use reqwest::Url;
use say::{Progress, Unchecked};
use std::{path::PathBuf, process::ExitCode};
use zhengtong_index::bundle::Bundle;
use zhengtong_types::NetworkKey;

/// Everything held.
const VERIFIED: u8 = 0;
/// Something did not hold.
const REFUTED: u8 = 1;
/// It could not be checked.
const NOT_CHECKED: u8 = 2;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Check a case: certificates, headers, receipts, events, storage, and the decision by its rules.
    Case(CaseArgs),
    /// Check a final transaction, and what came of it: certificate, headers, transaction, receipt.
    Transaction(TransactionArgs),
    /// Check what a resident exported from their wallet: who signed it, every case, every use, every consent.
    Export(ExportArgs),
}

/// Language of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    Zh,
    En,
}

impl Lang {
    /// That of the person, as the system tells it.
    fn preferred() -> Self {
        Self::of(["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).ok()))
    }

    /// By the first that says anything, as POSIX has it.
    fn of(told: [Option<String>; 3]) -> Self {
        let first = told.into_iter().flatten().find(|told| !told.is_empty());
        match first {
            Some(told) if told.starts_with("en") => Self::En,
            _ => Self::Zh,
        }
    }
}

/// By which key, and how it is told.
#[derive(clap::Args)]
struct Common {
    /// The network's public key, 192 hexadecimal digits, from a source that you trust.
    #[arg(long, env = "ZHENGTONG_NETWORK_KEY")]
    network_key: Option<NetworkKey>,
    /// Data folder of a network on this machine, whose key is used when none is given.
    #[arg(long, default_value = "data", env = "ZHENGTONG_DATA")]
    data: PathBuf,
    /// Language of the report. If not given: English where the system's language is (LC_ALL, LC_MESSAGES, LANG), else Chinese.
    #[arg(long, value_enum, default_value_t = Lang::preferred(), hide_default_value = true)]
    lang: Lang,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct CaseArgs {
    /// Id of the case: 0x and 64 hexadecimal digits. May be left out with --file.
    #[arg(required_unless_present = "file")]
    id: Option<B256>,
    /// JSON-RPC of any node of the network.
    #[arg(long, default_value = "http://127.0.0.1:8545")]
    rpc: Url,
    /// An index that may be asked where the events are. Without one, the node's logs are searched.
    #[arg(long)]
    index: Option<Url>,
    /// Check this exported file and ask nobody.
    #[arg(long, conflicts_with_all = ["index", "export"])]
    file: Option<PathBuf>,
    /// Write what was checked to a file, for others to check offline.
    #[arg(long)]
    export: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct TransactionArgs {
    /// Hash of the transaction: 0x and 64 hexadecimal digits. May be left out with --file.
    #[arg(required_unless_present = "file")]
    hash: Option<B256>,
    /// JSON-RPC of any node of the network.
    #[arg(long, default_value = "http://127.0.0.1:8545")]
    rpc: Url,
    /// Check this exported proof and ask nobody.
    #[arg(long, conflicts_with = "export")]
    file: Option<PathBuf>,
    /// Write the proof that was checked to a file, for others to check offline.
    #[arg(long)]
    export: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(clap::Args)]
struct ExportArgs {
    /// The file. Nobody else is asked.
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Runs the command, prints its report, and gives its exit code.
pub async fn run(args: Args) -> Result<ExitCode> {
    let code = match args.what {
        What::Case(args) => match check(&args).await {
            Ok(report) => {
                report::print(&report, args.common.json, || {
                    report::text(&report, args.common.lang)
                });
                code(report.is_verified())
            }
            Err(error) => unchecked(&error, args.common.lang, args.common.json),
        },
        What::Transaction(args) => match transaction::run(&args).await {
            Ok(report) => {
                report::print(&report, args.common.json, || {
                    transaction::text(&report, args.common.lang)
                });
                code(report.verified)
            }
            Err(error) => unchecked(&error, args.common.lang, args.common.json),
        },
        What::Export(args) => check_export(&args),
    };
    Ok(code.into())
}

const fn code(verified: bool) -> u8 {
    if verified { VERIFIED } else { REFUTED }
}

/// Prints why nothing was checked.
fn unchecked(error: &anyhow::Error, lang: Lang, json: bool) -> u8 {
    report::print_unchecked(error, lang, json);
    NOT_CHECKED
}

fn check_export(args: &ExportArgs) -> u8 {
    let checked = key::find(args.common.network_key, &args.common.data).and_then(|(key, _)| {
        // A program reads one language.
        let lang = if args.common.json {
            Lang::En
        } else {
            args.common.lang
        };
        Ok(export::check(&fetch::bytes(&args.file)?, &key, lang))
    });
    match checked {
        Ok(report) => {
            export::print(&report, args.common.lang, args.common.json);
            code(report.verified)
        }
        Err(error) => unchecked(&error, args.common.lang, args.common.json),
    }
}

async fn check(args: &CaseArgs) -> Result<Report> {
    let (key, origin) = key::find(args.common.network_key, &args.common.data)?;
    let bundle = match (&args.file, args.id) {
        (Some(file), _) => fetch::from_file(file)?,
        (None, Some(id)) => {
            let progress = Progress {
                lang: args.common.lang,
            };
            fetch::from_node(&args.rpc, args.index.as_ref(), id, &key, progress).await?
        }
        (None, None) => bail!("name a case, or a file with --file"),
    };
    let report = verify(&bundle, &key, origin, args.id);
    if let Some(path) = &args.export
        && report.is_verified()
    {
        fetch::export(&bundle, path)?;
    }
    Ok(report)
}

/// Checks a bundle. Pure: no clock, network or disk.
fn verify(bundle: &Bundle, key: &NetworkKey, origin: key::Origin, id: Option<B256>) -> Report {
    examine(bundle, key, origin, id).0
}

/// As [`verify`], with what the events say if they are complete.
fn examine(
    bundle: &Bundle,
    key: &NetworkKey,
    origin: key::Origin,
    id: Option<B256>,
) -> (Report, Option<history::History>) {
    let mut report = Report::new(bundle, *key, origin);
    report.file(bundle, key, id);
    let proven = proofs::check(bundle, key, &mut report);
    let history = proven.and_then(|proven| history::check(&proven, bundle, &mut report));
    if let Some(history) = &history {
        decision::check(history, &mut report);
    }
    (report, history)
}
