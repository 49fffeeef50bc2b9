//! `zhengtong wallet sign`.

use super::{
    content::Content,
    file::{self, Wallet},
    key::{ACCOUNT, Secret},
    openings::Openings,
    say, screen,
    show::{Book, Page, page},
    wire::{EthSignature, Joiner, Kind, MAX_PART_CHARS, SignRequest},
};
use alloy_primitives::Address;
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
};
use zhengtong_node::NetworkFile;

/// The longest answer to a question, in bytes.
const MAX_ANSWER_BYTES: u64 = 256;
/// The most lines that are read for one request.
const MAX_LINES: usize = 20_000;
/// What is typed to sign what is understood, in either language.
const YES: [&str; 2] = ["yes", "是"];
/// What is typed to sign what is not understood.
const YES_UNKNOWN: [&str; 2] = ["yes, unknown", "是，内容不明"];

#[derive(clap::Args)]
pub struct Args {
    /// A file with the request (ur:eth-sign-request/…, a line a part); `-` reads lines as they come, so that a reader of QR
    /// codes can be put in front.
    #[arg(default_value = "-")]
    request: PathBuf,
    #[command(flatten)]
    wallet: Wallet,
    #[command(flatten)]
    chain: Chain,
    /// Addresses of further contracts, as JSON {"cases": "0x…"}: by the names that genesis has for them.
    #[arg(long)]
    contracts: Option<PathBuf>,
    /// What stands behind hashes in the request, as the asking machine wrote it: shown where it proves true.
    #[arg(long)]
    with: Option<PathBuf>,
    /// Write the signature to this file too.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Do not ask, if all of the request is understood.
    #[arg(long)]
    yes: bool,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Chain {
    /// The chain that signatures are for.
    #[arg(long)]
    chain_id: Option<u64>,
    /// The network's file, which names its chain.
    #[arg(long)]
    network: Option<PathBuf>,
}

impl Chain {
    fn id(&self) -> Result<u64> {
        match (self.chain_id, &self.network) {
            (Some(id), _) => Ok(id),
            (None, Some(path)) => Ok(NetworkFile::read(path)?.chain_id),
            (None, None) => bail!("give --chain-id or --network"),
        }
    }
}

pub fn run(args: &Args) -> Result<()> {
    let chain_id = args.chain.id()?;
    let book = args
        .contracts
        .as_deref()
        .map_or_else(|| Ok(Book::of_genesis()), Book::read)?;
    let openings = args
        .with
        .as_deref()
        .map_or_else(|| Ok(Openings::default()), Openings::read)?;
    if let Some(out) = &args.out {
        ensure!(
            !out.exists(),
            "{} is there already; choose another file",
            out.display()
        );
    }
    let is_piped = args.request == Path::new("-");
    let request = read_request(&args.request, is_piped)?;
    let key = key_of(&args.wallet.open()?, &request)?;
    let content = Content::read(&request, chain_id, key.address())?;
    let page = page(&request, &content, key.address(), &book, &openings)?;
    say(&page);
    confirm(&page, args.yes, is_piped)?;
    let signature = key.sign_hash_sync(&content.hash())?;
    let answer = EthSignature::new(request.id, &signature, content.v(signature.v()));
    let text = Kind::Signature.write(&answer.encode());
    if let Some(out) = &args.out {
        file::write_new(out, &format!("{text}\n"), 0o644)?;
    }
    screen::show_code(&text)?;
    say(text);
    Ok(())
}

/// Reads until the request is whole.
fn read_request(path: &Path, is_piped: bool) -> Result<SignRequest> {
    let mut lines: Box<dyn BufRead> = match is_piped {
        true => Box::new(std::io::stdin().lock()),
        false => {
            let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            Box::new(BufReader::new(file))
        }
    };
    let mut joiner = Joiner::new(Kind::SignRequest);
    for _ in 0..MAX_LINES {
        let mut line = String::new();
        let most = MAX_PART_CHARS as u64 + 2;
        let length = (&mut lines)
            .take(most)
            .read_line(&mut line)
            .context("the request is no text")?;
        let part = line.trim();
        // What reads codes from a camera may say what it read: "QR-Code:UR:…".
        let part = part.strip_prefix("QR-Code:").unwrap_or(part);
        if length == 0 || (!part.is_empty() && joiner.receive(part)?) {
            break;
        }
    }
    Ok(SignRequest::decode(&joiner.finish()?)?)
}

/// The key that the request names, if it is one of this wallet's.
fn key_of(secret: &Secret, request: &SignRequest) -> Result<PrivateKeySigner> {
    let key = match secret {
        Secret::Key(key) => key.clone(),
        Secret::Words(words) => {
            let path = &request.path;
            if let Some(asked) = path.fingerprint {
                let own = words.fingerprint()?;
                ensure!(
                    asked == own,
                    "the request is for the words {asked:08x}; these are {own:08x}"
                );
            }
            let index = match path.steps.strip_prefix(&ACCOUNT) {
                Some([0, index]) => *index,
                _ => bail!("the request asks for the key at {path}; here are those at m/44'/60'/0'/0/n"),
            };
            words.signer(index)?
        }
    };
    require_own(request.address, key.address())?;
    Ok(key)
}

fn require_own(asked: Option<Address>, own: Address) -> Result<()> {
    match asked {
        Some(asked) if asked != own => bail!("the request is for {asked}; this key is {own}"),
        _ => Ok(()),
    }
}

fn confirm(page: &Page, is_agreed: bool, is_piped: bool) -> Result<()> {
    let words = if page.is_understood() {
        if is_agreed {
            return Ok(());
        }
        YES
    } else {
        ensure!(
            !is_agreed,
            "not all of this is understood: --yes does not sign it; leave it out, read, and answer"
        );
        YES_UNKNOWN
    };
    let answer = ask(
        &format!("签名请输入“{}”/ type \"{}\" to sign: ", words[1], words[0]),
        is_piped,
    )?;
    ensure!(
        words.contains(&answer.trim()),
        "not confirmed; nothing was signed"
    );
    Ok(())
}

/// Asks at the terminal if the request came the way answers come.
fn ask(question: &str, is_piped: bool) -> Result<String> {
    let mut answer = String::new();
    let mut errors = std::io::stderr().lock();
    write!(errors, "{question}")?;
    errors.flush()?;
    let input: Box<dyn std::io::Read> = match is_piped {
        true => {
            Box::new(File::open("/dev/tty").context("no terminal to ask at; give the request as a file")?)
        }
        false => Box::new(std::io::stdin().lock()),
    };
    BufReader::new(input.take(MAX_ANSWER_BYTES)).read_line(&mut answer)?;
    Ok(answer)
}
