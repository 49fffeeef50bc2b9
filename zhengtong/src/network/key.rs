//! `zhengtong network key`: a node's identity, and its card.

use super::say;
use anyhow::{Result, ensure};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use zhengtong_node::{Identity, NodeCard};

#[derive(clap::Args)]
pub struct Args {
    /// The node's folder.
    #[arg(long)]
    folder: PathBuf,
    /// The institution, for people.
    #[arg(long)]
    name: String,
    /// Where other nodes reach this one, e.g. 192.0.2.7:9700: an IP address, not a name.
    #[arg(long, value_name = "IP:PORT", value_parser = super::parse_location)]
    address: SocketAddr,
}

pub fn run(args: Args) -> Result<()> {
    let card = make(&args.folder, args.name, args.address)?;
    say(format!(
        "identity  {} (secret; back it up)",
        args.folder.join("identity.key").display()
    ));
    say(format!(
        "card      {} (send it to the others)",
        args.folder.join("card.json").display()
    ));
    say(format!("key       {}", card.key));
    Ok(())
}

/// Makes `identity.key` and `card.json`. An identity that is there already is never replaced.
pub fn make(folder: &Path, name: String, address: SocketAddr) -> Result<NodeCard> {
    let path = folder.join("identity.key");
    ensure!(
        !path.exists(),
        "{} is there already; choose another folder, or delete it if this node never ran",
        path.display()
    );
    let identity = Identity::generate(rand::make_rng::<rand::rngs::ChaCha20Rng>());
    let card = NodeCard::new(name, &identity, address)?;
    identity.write(&path)?;
    card.write(&folder.join("card.json"))?;
    Ok(card)
}
