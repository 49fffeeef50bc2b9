//! `zhengtong network follow` and `admit`: a node without a vote, on its side and on the side of those it follows.

use super::{dkg, key, say};
use anyhow::{Context, Result, ensure};
use std::{fs, net::SocketAddr, path::PathBuf};
use zhengtong_node::{FollowerEntry, NetworkFile, NodeCard, NodeConfig};

#[derive(clap::Args)]
pub struct FollowArgs {
    /// The node's folder, which is made.
    #[arg(long)]
    folder: PathBuf,
    /// The institution, for people.
    #[arg(long)]
    name: String,
    /// Where it listens; it connects to the validators from this IP address. Not a name.
    #[arg(long, value_name = "IP:PORT", value_parser = super::parse_location)]
    address: SocketAddr,
    /// The network file. Check its genesis hash with the operators.
    #[arg(long)]
    network: PathBuf,
    /// Where it is to serve JSON-RPC.
    #[arg(long, default_value = "127.0.0.1:8545")]
    rpc: SocketAddr,
}

pub fn follow(args: FollowArgs) -> Result<()> {
    let network = NetworkFile::read(&args.network)?;
    key::make(&args.folder, args.name, args.address)?;
    network.write(&args.folder.join("network.json"))?;
    dkg::write_config(&args.folder, &dkg::config(Some(args.address), args.rpc))?;
    super::check::show_network(&network)?;
    say(format!(
        "have the validators admit {}, then start it with: zhengtong node --config {}",
        args.folder.join("card.json").display(),
        args.folder.join("node.toml").display()
    ));
    Ok(())
}

#[derive(clap::Args)]
pub struct AdmitArgs {
    /// The configuration of the node that lets it in.
    #[arg(long, default_value = "node.toml")]
    config: PathBuf,
    /// The follower's card.
    card: PathBuf,
    /// It is a validator of the network file that was voted out, and is to go on as a follower.
    #[arg(long)]
    voted_out: bool,
}

/// Appends the follower to the file, so that the operator's comments stay.
pub fn admit(args: &AdmitArgs) -> Result<()> {
    let card = NodeCard::read(&args.card)?;
    let before = NodeConfig::read(&args.config)?;
    ensure!(
        before.followers.iter().all(|follower| follower.key != card.key),
        "{} is admitted already",
        card.name
    );
    let network = NetworkFile::read(&before.network)?;
    ensure!(
        args.voted_out
            || network
                .validators
                .iter()
                .all(|validator| validator.key != card.key),
        "{} is a validator of {}, and is let in as one; if it was voted out and is to follow, say --voted-out",
        card.name,
        before.network.display()
    );
    let entry = FollowerEntry {
        key: card.key.clone(),
        address: card.address,
    };
    let mut text = fs::read_to_string(&args.config)?;
    text.push_str(&format!(
        "\n# {}\n[[followers]]\nkey = \"{}\"\naddress = \"{}\"\n",
        card.name.replace(char::is_control, " "),
        entry.key,
        entry.address
    ));
    let fresh = args.config.with_extension("toml.new");
    fs::write(&fresh, text).with_context(|| format!("cannot write {}", fresh.display()))?;
    let checked = NodeConfig::read(&fresh)
        .map(|config| config.followers.len())
        .context("the file with the follower added; change it by hand")?;
    ensure!(
        checked == before.followers.len() + 1,
        "the follower could not be added; do it by hand"
    );
    fs::rename(&fresh, &args.config)?;
    say(format!("{} is admitted; start the node again", card.name));
    Ok(())
}
