//! `zhengtong vault`: what the operator of an agency's gateway does by hand. Works beside a gateway that runs.

use crate::gateway;
use alloy_primitives::B256;
use anyhow::{Context, Result, bail, ensure};
use clap::Subcommand;
use std::{
    fs,
    io::{Read as _, stdin},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use zeroize::Zeroizing;
use zhengtong_gateway::app::requests::answer::Answering;
use zhengtong_gateway::{KeyFiles, OpenBooks, app::deletion::deletion_text, app::retention::Retention};
use zhengtong_vault::ResidentNumber;

/// The most bytes of a file that holds a resident number.
const MAX_NUMBER_BYTES: u64 = 64;

#[derive(clap::Args)]
pub struct Place {
    /// The gateway's configuration: agency, books and keys are those that it names.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folder", "database_url"])]
    config: Option<PathBuf>,
    /// The agency, e.g. `health`, where no configuration is named.
    #[arg(long, required_unless_present = "config")]
    agency: Option<String>,
    /// Data folder of a demo network; the gateway's own folder is `gateways/AGENCY` in it.
    #[arg(long, default_value = "data", env = "ZHENGTONG_DATA")]
    data: PathBuf,
    /// The gateway's data folder, with its keys in `keys`, where it is not in a demo network's.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The gateway's database (`postgres:`), where it is not embedded.
    #[arg(long, value_name = "URL", value_parser = postgres)]
    database_url: Option<String>,
}

/// SQLite is what is taken where nothing is said: its files are in the folder.
fn postgres(text: &str) -> Result<String, String> {
    if text.starts_with("postgres:") || text.starts_with("postgresql:") {
        return Ok(text.to_owned());
    }
    Err("must begin with postgres:; books in SQLite are in the data folder, which --folder names".into())
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
                deletion_text(opened.organisation(), &row).replace('\n', " | ")
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
            let books = place.open().await?;
            if !books.at(now_ms).release(&id).await? {
                bail!("no order {id} stands at {}", books.organisation());
            }
            println!("released {id}");
        }
        Command::Holds { place } => {
            let holds = place.open().await?.at(now_ms).store.holds(None).await?;
            say_if_none(&holds);
            for hold in holds {
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
            let deletions = place.open().await?.at(now_ms).store.deletions().await?;
            say_if_none(&deletions);
            for row in deletions {
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
            let requests = place.open().await?.at(now_ms).requests(None).await?;
            say_if_none(&requests);
            for request in requests {
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
                .answer_request(&id, Answering::operator(), grant, reason)
                .await?;
            println!("{} {} {}", row.id, row.kind, row.status.as_str());
        }
        Command::Retain { place, rules } => {
            let rules = Retention::load(&rules)?;
            let runs = place.open().await?.at(now_ms).apply(&rules).await?;
            say_if_none(&runs);
            for run in runs {
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

/// An empty list is an answer too, and no answer is not.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn say_if_none<T>(rows: &[T]) {
    if rows.is_empty() {
        println!("none");
    }
}

impl Place {
    async fn open(&self) -> Result<OpenBooks> {
        if let Some(path) = &self.config {
            return self.configured(path).await;
        }
        let agency = self
            .agency
            .as_deref()
            .context("name the agency, or its gateway's --config")?;
        let inside = || self.data.join("gateways").join(agency);
        let folder = self.folder.clone().unwrap_or_else(inside);
        let keys = KeyFiles::in_folder(&folder.join("keys"));
        OpenBooks::open(agency, &folder, self.database_url.as_deref(), &keys)
            .await
            .with_context(|| {
                format!(
                    "the books of {agency} in {} (`--config gateway.toml` finds them and the keys wherever they are)",
                    folder.display()
                )
            })
    }

    async fn configured(&self, path: &Path) -> Result<OpenBooks> {
        let config = gateway::configuration(path)?;
        let (file, organisation) = (path.display(), &config.organisation);
        if let Some(agency) = &self.agency {
            ensure!(
                agency == organisation,
                "{file} is of {organisation}, not of {agency}"
            );
        }
        let url = config.database_url.as_deref();
        OpenBooks::open(organisation, &config.data_folder, url, &config.keys)
            .await
            .with_context(|| format!("the books of {organisation}, by {file}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        place: Place,
    }

    fn place(arguments: &[&str]) -> Result<Place, clap::Error> {
        let words = ["vault"].iter().chain(arguments);
        Cli::try_parse_from(words).map(|cli| cli.place)
    }

    /// A configuration as the handbook has it: the keys are beside the data folder, not in it.
    fn configuration(folder: &Path) -> PathBuf {
        let key = zhengtong_types::mocks::Committee::new(1, 1).key().to_string();
        let text = format!(
            "listen = \"127.0.0.1:0\"\n[gateway]\norganisation = \"health\"\nrpc_url = \"http://127.0.0.1:1\"\n\
             network_key = \"{key}\"\ndata_folder = \"data\"\nmapping = \"mapping.toml\"\n\
             session_domains = [\"127.0.0.1:8080\"]\nservices = \"services\"\n[gateway.keys]\n\
             attester = \"keys/attester.key\"\nencryption = \"keys/encryption.key\"\nissuer = \"keys/issuer.key\"\n\
             vault = \"keys/vault.key\"\n"
        );
        let path = folder.join("gateway.toml");
        fs::write(&path, text).unwrap();
        path
    }

    #[tokio::test]
    async fn books_are_found_by_the_gateways_configuration_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = configuration(folder.path());
        let data = folder.path().join("data");
        let config = path.to_str().unwrap();
        let by_config = place(&["--config", config]).unwrap();
        let refused = async |place: &Place| format!("{:#}", place.open().await.err().expect("refused"));

        fs::create_dir(&data).unwrap();
        let error = refused(&by_config).await;
        let missing = data.join("gateway.sqlite").display().to_string();
        assert!(
            error.contains(&missing) && error.contains("data_folder"),
            "{error}"
        );
        assert_eq!(fs::read_dir(&data).unwrap().count(), 0);

        let keys = gateway::configuration(&path).unwrap().keys;
        let read = zhengtong_gateway::Keys::read_or_create(&keys, None).unwrap();
        drop(read);
        let url = |name: &str| zhengtong_vault::sql::sqlite_url(&data.join(name));
        let key = zhengtong_vault::VaultKey::read_or_create(&keys.vault).unwrap();
        zhengtong_vault::Vault::open(&url("vault.sqlite"), &key)
            .await
            .unwrap();
        let store = zhengtong_gateway::store::Store::open(&url("gateway.sqlite"))
            .await
            .unwrap();
        let error = refused(&by_config).await;
        assert!(error.contains("no gateway's books"), "{error}");
        store.set_meta("organisation", "health").await.unwrap();
        assert_eq!(by_config.open().await.unwrap().organisation(), "health");

        let other = place(&["--config", config, "--agency", "land"]).unwrap();
        assert!(refused(&other).await.contains("is of health, not of land"));
        let by_folder = place(&["--agency", "health", "--folder", data.to_str().unwrap()]).unwrap();
        let error = refused(&by_folder).await;
        assert!(
            error.contains("keys/vault.key") && error.contains("--config"),
            "{error}"
        );
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for wrong in [
            &["--folder", "x"][..],
            &["--config", "gateway.toml", "--folder", "x"],
            &["--agency", "health", "--database-url", "sqlite:x"],
        ] {
            assert!(place(wrong).is_err(), "{wrong:?}");
        }
        assert!(place(&["--agency", "health", "--database-url", "postgres://h/x"]).is_ok());
    }
}
