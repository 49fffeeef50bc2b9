//! `zhengtong vault`: what the operator of an agency's gateway does by hand. Works beside a gateway that runs.

use alloy_primitives::B256;
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use std::{
    fs,
    io::{Read as _, stdin},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use zeroize::Zeroizing;
use zhengtong_gateway::{KeyFiles, OpenBooks, app::deletion::deletion_text, app::retention::Retention};
use zhengtong_vault::ResidentNumber;

/// The most bytes of a file that holds a resident number.
const MAX_NUMBER_BYTES: u64 = 64;

#[derive(clap::Args)]
pub struct Place {
    /// The agency, e.g. `health`.
    #[arg(long)]
    agency: String,
    /// Data folder of a demo network; the gateway's own folder is `gateways/AGENCY` in it.
    #[arg(long, default_value = "data", env = "ZHENGTONG_DATA")]
    data: PathBuf,
    /// The gateway's data folder, where it is not in a demo network's.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The gateway's database (`postgres:`), where it is not embedded.
    #[arg(long)]
    database_url: Option<String>,
}

#[derive(clap::Args)]
pub struct Person {
    /// File with the resident number; `-` reads it from standard input. Not an argument: those are seen by everybody on
    /// the machine and kept by shells.
    #[arg(long, value_name = "FILE")]
    number_file: PathBuf,
}

#[derive(Subcommand)]
pub enum Command {
    /// Delete a person: destroy every key that opens something about them, and keep a signed record that names nobody.
    Forget {
        #[command(flatten)]
        place: Place,
        /// File with the resident number; `-` reads it from standard input.
        #[arg(long, value_name = "FILE", required_unless_present = "case")]
        number_file: Option<PathBuf>,
        /// A case instead: what an owner that is shown no number keeps under it.
        #[arg(long, conflicts_with = "number_file")]
        case: Option<B256>,
    },
    /// Order that a person's records are kept, whoever asks to delete them.
    Hold {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        person: Person,
        /// Who ordered it, e.g. a court.
        #[arg(long)]
        authority: String,
        /// Under which reference.
        #[arg(long)]
        reference: String,
        /// Until when (RFC 3339); until it is released if not given.
        #[arg(long)]
        until: Option<jiff::Timestamp>,
    },
    /// Release an order.
    Release {
        #[command(flatten)]
        place: Place,
        /// Id of the order.
        id: String,
    },
    /// List the orders.
    Holds {
        #[command(flatten)]
        place: Place,
    },
    /// List the deletions that were carried out.
    Deletions {
        #[command(flatten)]
        place: Place,
    },
    /// List what people asked by their rights over their data, and until when it has to be answered.
    Requests {
        #[command(flatten)]
        place: Place,
    },
    /// Answer a request where the agency has no officers' desk. Granting a deletion carries it out at once.
    Answer {
        #[command(flatten)]
        place: Place,
        /// Id of the request.
        id: String,
        /// Do what was asked; without it the request is refused.
        #[arg(long)]
        grant: bool,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Apply the periods of a retention file now, as the gateway does by itself every ten minutes.
    Retain {
        #[command(flatten)]
        place: Place,
        /// The retention file.
        #[arg(long, value_name = "FILE")]
        rules: PathBuf,
    },
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub async fn run(command: Command) -> Result<()> {
    let now_ms = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    match command {
        Command::Forget {
            place,
            number_file,
            case,
        } => {
            let opened = place.open().await?;
            let row = match (number_file, case) {
                (Some(number_file), _) => opened.at(now_ms).forget(&Person { number_file }.read()?).await?,
                (None, Some(case)) => opened.at(now_ms).forget_case(case).await?,
                (None, None) => bail!("name a person or a case"),
            };
            println!(
                "deletion {}: {} records of {} cases can never be read again",
                row.id, row.records, row.cases
            );
            println!(
                "destroyed keys: {}",
                if row.key_ids.is_empty() {
                    "none, nothing was kept"
                } else {
                    &row.key_ids
                }
            );
            println!("signed: {}", row.signature);
            println!(
                "text: {}",
                deletion_text(&place.agency, &row).replace('\n', " | ")
            );
        }
        Command::Hold {
            place,
            person,
            authority,
            reference,
            until,
        } => {
            let number = person.read()?;
            let until_ms = until
                .map(|until| u64::try_from(until.as_millisecond()))
                .transpose()?;
            if until_ms.is_some_and(|until_ms| until_ms <= now_ms) {
                bail!("--until is over already");
            }
            let books = place.open().await?;
            let hold = books
                .at(now_ms)
                .hold(&number, &authority, &reference, until_ms)
                .await?;
            println!("hold {}", hold.id);
        }
        Command::Release { place, id } => {
            if !place.open().await?.at(now_ms).release(&id).await? {
                bail!("no order {id} stands at {}", place.agency);
            }
            println!("released {id}");
        }
        Command::Holds { place } => {
            for hold in place.open().await?.at(now_ms).store.holds(None).await? {
                let state = if hold.stands(now_ms) { "stands" } else { "over" };
                println!(
                    "{} {state} since {} {} {}",
                    hold.id,
                    time(hold.placed_ms),
                    hold.authority,
                    hold.reference
                );
            }
        }
        Command::Deletions { place } => {
            for row in place.open().await?.at(now_ms).store.deletions().await? {
                println!(
                    "{} {} by {}: {} records of {} cases",
                    row.id,
                    time(row.at_ms),
                    row.cause,
                    row.records,
                    row.cases
                );
            }
        }
        Command::Requests { place } => {
            for request in place.open().await?.at(now_ms).requests(None).await? {
                let row = &request.row;
                println!(
                    "{} {} {} due {}",
                    row.id,
                    row.kind,
                    row.status.as_str(),
                    time(row.due_ms)
                );
                if let Some(words) = &request.words {
                    println!("    {}", words.text.replace('\n', " "));
                }
            }
        }
        Command::Answer {
            place,
            id,
            grant,
            reason,
        } => {
            let books = place.open().await?;
            let row = books
                .at(now_ms)
                .answer_request(&id, "operator", grant, reason)
                .await?;
            println!("{} {} {}", row.id, row.kind, row.status.as_str());
        }
        Command::Retain { place, rules } => {
            let rules = Retention::load(&rules)?;
            for run in place.open().await?.at(now_ms).apply(&rules).await? {
                println!(
                    "{}: {} records of {} cases removed, {} held",
                    run.class, run.records, run.cases, run.held
                );
            }
        }
    }
    Ok(())
}

fn time(ms: u64) -> String {
    let at = i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(|| "?".to_owned(), |at| at.to_string())
}

impl Place {
    async fn open(&self) -> Result<OpenBooks> {
        let inside = || self.data.join("gateways").join(&self.agency);
        let folder = self.folder.clone().unwrap_or_else(inside);
        let keys = KeyFiles::in_folder(&folder.join("keys"));
        OpenBooks::open(&self.agency, &folder, self.database_url.as_deref(), &keys)
            .await
            .with_context(|| format!("the books of {} in {}", self.agency, folder.display()))
    }
}

impl Person {
    fn read(&self) -> Result<ResidentNumber> {
        let mut text = Zeroizing::new(String::new());
        if self.number_file == Path::new("-") {
            stdin().take(MAX_NUMBER_BYTES).read_to_string(&mut text)?;
        } else {
            let file = fs::File::open(&self.number_file)
                .with_context(|| format!("cannot read {}", self.number_file.display()))?;
            file.take(MAX_NUMBER_BYTES).read_to_string(&mut text)?;
        }
        Ok(ResidentNumber::parse(text.trim())?)
    }
}
