//! `zhengtong gateway backup`, `restore` and `deletions`: what the operator does with a gateway's books.

use super::{configuration, now_ms};
use crate::progress::Progress;
use anyhow::Result;
use std::path::PathBuf;
use zhengtong_client::Client;
use zhengtong_gateway::{
    Config, OpenBooks,
    app::deletion::record,
    backup::{Manifest, back_up, restore},
};
use zhengtong_types::Finality;

#[derive(clap::Args)]
pub struct BackupArgs {
    /// The gateway's configuration. The gateway may run; its node must.
    #[arg(long, default_value = "gateway.toml")]
    config: PathBuf,
    /// The new folder for store, records and manifest.
    #[arg(long)]
    to: PathBuf,
    /// The new file for the keys of persons and cases. Keep it elsewhere, and delete it when the next one is taken.
    #[arg(long)]
    keys_to: PathBuf,
}

#[derive(clap::Args)]
pub struct RestoreArgs {
    /// The gateway's configuration. Its key files must be there, its books must not.
    #[arg(long, default_value = "gateway.toml")]
    config: PathBuf,
    /// The folder that the backup made.
    #[arg(long)]
    from: PathBuf,
    /// The file with the keys, of the same backup.
    #[arg(long)]
    keys: PathBuf,
    /// The newest record of deletions: who was deleted after the backup stays deleted.
    #[arg(long)]
    deletions: PathBuf,
}

#[derive(clap::Args)]
pub struct DeletionsArgs {
    /// The gateway's configuration.
    #[arg(long, default_value = "gateway.toml")]
    config: PathBuf,
    /// Write the record of deletions to this file, and replace what is there.
    #[arg(long, required_unless_present = "apply")]
    to: Option<PathBuf>,
    /// Carry out every deletion of this record again, in books that come from a backup of the database.
    #[arg(long, conflicts_with = "to")]
    apply: Option<PathBuf>,
}

#[tokio::main]
pub async fn run_backup(args: BackupArgs) -> Result<()> {
    let config = configuration(&args.config)?;
    let progress = Progress::new(1);
    let prove = |number| prove(&config, number);
    let manifest = back_up(&config, prove, &args.to, &args.keys_to, now_ms()?).await?;
    say(&progress, &manifest);
    progress.say(format!("backup     {}", args.to.display()));
    progress.say(format!(
        "keys       {} (keep it apart from the backup)",
        args.keys_to.display()
    ));
    Ok(())
}

async fn prove(config: &Config, number: u64) -> Result<Finality, String> {
    let client = Client::connect(&config.rpc_url, Some(config.network_key)).await;
    let client = client.map_err(|source| source.to_string())?;
    client.finality(number).await.map_err(|source| source.to_string())
}

#[tokio::main]
pub async fn run_restore(args: RestoreArgs) -> Result<()> {
    let config = configuration(&args.config)?;
    let mut progress = Progress::new(1);
    progress.step(format!("restoring the books of {}", config.organisation));
    let restored = restore(&config, &args.from, &args.keys, &args.deletions, now_ms()?).await?;
    say(&progress, &restored.manifest);
    progress.say(format!(
        "deleted    {} persons or cases whose keys were in the backup",
        restored.deleted_again
    ));
    progress.say(format!("open       {} keys", restored.keys));
    progress.say("restored; start the gateway");
    Ok(())
}

#[tokio::main]
pub async fn run_deletions(args: DeletionsArgs) -> Result<()> {
    let config = configuration(&args.config)?;
    let progress = Progress::new(1);
    let books = OpenBooks::open(
        &config.organisation,
        &config.data_folder,
        config.database_url.as_deref(),
        &config.keys,
    )
    .await?;
    let books = books.at(now_ms()?);
    if let Some(path) = &args.to {
        let count = record::write(&config.organisation, books.store, path).await?;
        progress.say(format!("{count} deletions in {}", path.display()));
    }
    if let Some(path) = &args.apply {
        let record = record::read(path)?;
        anyhow::ensure!(
            record.organisation == config.organisation,
            "{} is of {}, not of {}",
            path.display(),
            record.organisation,
            config.organisation
        );
        let again = books.carry_out_again(&record.deletions).await?;
        progress.say(format!(
            "{} deletions; {again} of them had keys here",
            record.deletions.len()
        ));
    }
    Ok(())
}

fn say(progress: &Progress, manifest: &Manifest) {
    progress.say(format!("of         {}", manifest.organisation));
    match &manifest.followed {
        Some(followed) => progress.say(format!("block      {} {}", followed.number, followed.hash)),
        None => progress.say("block      none yet"),
    }
    progress.say(format!(
        "books      {} records, {} keys, {} deletions",
        manifest.records, manifest.keys, manifest.deletions
    ));
}
