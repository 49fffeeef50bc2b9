//! `zhengtong statetest`: holds the executor against Ethereum's own state tests (the `GeneralStateTests` of
//! `ethereum/tests`, the `state_tests` of `ethereum/execution-spec-tests`).
//!
//! A fixture is a state, a block's environment and a transaction, and for each fork the root of the state after it and the
//! hash of its logs. The transaction runs through the same [`zhengtong_evm::Executor`] as every block of a network. Where the
//! rules of networks differ from mainnet's on purpose – gas has no price, there are no blobs, delegations are listed, the fork
//! is Osaka – [`zhengtong_evm::Executor::on_mainnet`] sets mainnet's; nothing else is changed. The root is Ethereum's, which a
//! network does not have, so it is computed here.

mod fixture;
mod run;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result, bail, ensure};
use fixture::{Case, Fixture, Post};
use run::Passed;
use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};
use zhengtong_evm::Fork;

/// Largest fixture file in bytes.
const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;
/// Most fixture files.
const MAX_FILES: usize = 200_000;
/// Folders within folders.
const MAX_DEPTH: usize = 32;
/// Most failures that are told one by one.
const MAX_SHOWN: usize = 1_000;

#[derive(clap::Args)]
pub struct Args {
    /// Fixture files, and folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Run this fork (Cancun, Prague, Osaka) instead of the newest that each fixture has.
    #[arg(long)]
    fork: Option<Fork>,
    /// Tell of each case that passed, too.
    #[arg(long)]
    verbose: bool,
}

/// What became of the cases.
#[derive(Debug, Default)]
pub struct Summary {
    pub files: usize,
    pub passed: usize,
    /// Those of them that passed [`Passed::WithStorageTaken`].
    pub with_storage_taken: usize,
    /// Name of the case, and what was wrong.
    pub failed: Vec<(String, String)>,
    /// Fixtures without a fork that is known here.
    pub skipped: usize,
    pub by_fork: BTreeMap<&'static str, usize>,
}

#[expect(clippy::print_stdout, reason = "the report is what the command is for")]
pub fn run(args: &Args) -> Result<()> {
    let mut summary = Summary::default();
    for path in &args.paths {
        visit(path, args, &mut summary)?;
    }
    for (name, reason) in summary.failed.iter().take(MAX_SHOWN) {
        println!("FAILED {name}: {reason}");
    }
    let forks: Vec<_> = summary
        .by_fork
        .iter()
        .map(|(fork, count)| format!("{count} {fork}"))
        .collect();
    println!("{} files; cases by fork: {}", summary.files, forks.join(", "));
    let failed = summary.failed.len();
    println!(
        "{} passed, {failed} failed, {} skipped",
        summary.passed, summary.skipped
    );
    if summary.with_storage_taken > 0 {
        println!(
            "{} of those that passed have storage without code or nonce, taken as a taken address (EIP-7610)",
            summary.with_storage_taken
        );
    }
    ensure!(failed == 0, "{failed} cases failed");
    ensure!(summary.passed > 0, "there was nothing to run");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the report is what the command is for")]
fn visit(path: &Path, args: &Args, summary: &mut Summary) -> Result<()> {
    for file in files(path)? {
        let size = fs::metadata(&file)?.len();
        if size > MAX_FILE_BYTES {
            bail!("{} has {size} bytes, more than {MAX_FILE_BYTES}", file.display());
        }
        let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let before = (summary.passed, summary.failed.len());
        check(&file.display().to_string(), &text, args.fork, summary);
        if args.verbose {
            let (passed, failed) = (summary.passed - before.0, summary.failed.len() - before.1);
            println!("{}: {passed} passed, {failed} failed", file.display());
        }
    }
    Ok(())
}

/// Runs every case of one file's text.
pub fn check(file: &str, text: &[u8], fork: Option<Fork>, summary: &mut Summary) {
    summary.files += 1;
    let fixtures: BTreeMap<String, Fixture> = match serde_json::from_slice(text) {
        Ok(fixtures) => fixtures,
        Err(error) => {
            summary
                .failed
                .push((file.into(), format!("is no state test: {error}")));
            return;
        }
    };
    for (name, fixture) in &fixtures {
        let Some((fork, posts)) = fixture.posts(fork) else {
            summary.skipped += 1;
            continue;
        };
        for (index, post) in posts.iter().enumerate() {
            let case = format!("{file} {name} {fork} #{index}");
            match run_case(fixture, fork, post) {
                Ok(passed) => {
                    summary.passed += 1;
                    summary.with_storage_taken += usize::from(passed == Passed::WithStorageTaken);
                }
                Err(reason) => summary.failed.push((case, reason)),
            }
            *summary.by_fork.entry(fork_name(fork)).or_default() += 1;
        }
    }
}

fn run_case(fixture: &Fixture, fork: Fork, post: &Post) -> Result<Passed, String> {
    let case = Case { fixture, fork, post };
    // A panic is a failure of this case alone.
    catch_unwind(AssertUnwindSafe(|| run::run(&case))).unwrap_or_else(|_| Err("the executor panicked".into()))
}

const fn fork_name(fork: Fork) -> &'static str {
    match fork {
        Fork::Cancun => "Cancun",
        Fork::Prague => "Prague",
        Fork::Osaka => "Osaka",
    }
}

/// The fixture files of a path, in order.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![(path.to_path_buf(), 0)];
    while let Some((path, depth)) = open.pop() {
        if path.is_file() {
            found.push(path);
            ensure!(found.len() <= MAX_FILES, "more than {MAX_FILES} files");
            continue;
        }
        ensure!(
            depth <= MAX_DEPTH,
            "{} is more than {MAX_DEPTH} folders deep",
            path.display()
        );
        let entries = fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))?;
        for entry in entries {
            let entry = entry?.path();
            // Beside fixtures there are indices of them.
            let is_fixture = entry.extension().is_some_and(|extension| extension == "json")
                && !entry.components().any(|part| part.as_os_str() == ".meta");
            if entry.is_dir() || is_fixture {
                open.push((entry, depth + 1));
            }
        }
    }
    found.sort();
    Ok(found)
}
