//! Everything that can be checked before a node's engine is started.

use crate::{
    Identity, NetworkFile, NodeConfig, NodeError, ShareFile, SyncMode,
    data::DataFolder,
    p2p::{self, Peer},
    secrets::Secrets,
    votes::{Marks, Votes},
};
use commonware_cryptography::bls12381::primitives::{group::Share, sharing::Sharing, variant::MinSig};
use commonware_utils::ordered::{Quorum as _, Set};
use std::{net::SocketAddr, path::Path, sync::Arc};
use zhengtong_chain::{Genesis, Store, committee};
use zhengtong_types::{
    NAMESPACE,
    consensus::{Scheme, ValidatorKey},
};

/// A node that could be started.
pub struct Prepared {
    pub config: NodeConfig,
    pub network: NetworkFile,
    pub identity: Identity,
    pub secrets: Secrets,
    /// Whether it has a share, and so may have voted.
    pub votes: bool,
    pub mesh: Option<Mesh>,
    pub genesis: Genesis,
    pub data: DataFolder,
    pub store: Arc<Store>,
}

/// What connects this node to others; a network of one that nobody follows needs none.
pub struct Mesh {
    pub listen: SocketAddr,
    pub validators: Vec<Peer>,
    pub followers: Vec<Peer>,
}

pub fn prepare(config: NodeConfig) -> Result<Prepared, NodeError> {
    config.check()?;
    let network = NetworkFile::read(&config.network)?;
    let identity = Identity::read(&config.identity)?;
    let secrets = secrets(&config, &network, &identity)?;
    let failed = |source| shares_error(&config, source);
    let votes = secrets.have_share().map_err(failed)?;
    if config.sync == SyncMode::State && config.share.is_some() && network.validators.len() == 1 {
        return Err(NodeError::NothingToSyncFrom);
    }
    let mesh = mesh(&config, &network, &identity)?;
    let genesis = network.genesis()?;
    let data = DataFolder::open(&config.data, genesis.block.hash())?;
    if let Some(mesh) = &mesh {
        p2p::check_free(mesh.listen)?;
    }
    let path = data.blocks();
    let store = Store::open(&path).map_err(|source| NodeError::Store { path, source })?;
    require_own_shares(&config, &identity, &secrets, &store)?;
    remember_votes(&config, &network, &secrets, votes, &data, &store)?;
    Ok(Prepared {
        config,
        network,
        identity,
        secrets,
        votes,
        mesh,
        genesis,
        data,
        store: Arc::new(store),
    })
}

fn shares_error(config: &NodeConfig, source: std::io::Error) -> NodeError {
    NodeError::Shares {
        path: config.shares(),
        source: Arc::new(source),
    }
}

/// Opens the folder with this node's shares. Whoever is a validator from the first epoch on needs that epoch's share, until
/// it has a later one; whoever is not has none.
fn secrets(config: &NodeConfig, network: &NetworkFile, identity: &Identity) -> Result<Secrets, NodeError> {
    let failed = |source| shares_error(config, source);
    let kept = Secrets::open(&config.shares()).map_err(failed)?;
    let (committee, sharing) = (network.committee()?, network.sharing()?);
    let me = identity.public();
    let is_first = committee.iter().any(|key| *key == me);
    match &config.share {
        Some(_) if !is_first => return Err(NodeError::NotAValidator(me.to_string())),
        // The file goes when there are later shares.
        Some(path) if path.exists() || !kept.have_share().map_err(failed)? => {
            let share = ShareFile::read(path)?.share();
            match holder(&share, &committee, &sharing) {
                Some(holder) if holder == me => {}
                Some(holder) => return Err(others_share(config, path, &me, &holder)),
                None => {
                    return Err(NodeError::ForeignShare {
                        share: path.clone(),
                        network: config.network.clone(),
                    });
                }
            }
        }
        None if is_first && !kept.have_share().map_err(failed)? => {
            return Err(NodeError::NoShare(me.to_string()));
        }
        _ => {}
    }
    Ok(kept.with_first(config.share.clone()))
}

/// Whose share this is, if it is one of these.
fn holder(share: &Share, players: &Set<ValidatorKey>, sharing: &Sharing<MinSig>) -> Option<ValidatorKey> {
    // It fits the polynomial wherever it stands in it.
    Scheme::signer(NAMESPACE, players.clone(), sharing.clone(), share.clone())?;
    players.key(share.index).cloned()
}

fn others_share(config: &NodeConfig, share: &Path, me: &ValidatorKey, holder: &ValidatorKey) -> NodeError {
    NodeError::OthersShare {
        share: share.into(),
        holder: holder.to_string(),
        identity: config.identity.clone(),
        me: me.to_string(),
    }
}

/// The shares of later epochs are this identity's, as far as it is known whose those epochs are. What fits no polynomial is
/// nobody's, and the engine does not take it.
fn require_own_shares(
    config: &NodeConfig,
    identity: &Identity,
    secrets: &Secrets,
    store: &Store,
) -> Result<(), NodeError> {
    let shares = secrets.shares().map_err(|source| shares_error(config, source))?;
    let me = identity.public();
    for info in committee::kept(store).map_err(|source| store_error(config, source))? {
        let Some(path) = shares.get(&info.epoch.get()) else {
            continue;
        };
        let share = ShareFile::read(path)?.share();
        match holder(&share, info.output.players(), info.output.public()) {
            Some(holder) if holder != me => return Err(others_share(config, path, &me, &holder)),
            _ => {}
        }
    }
    Ok(())
}

fn store_error(config: &NodeConfig, source: zhengtong_chain::StoreError) -> NodeError {
    NodeError::Store {
        path: config.data.clone(),
        source,
    }
}

/// Lets a node whose data does not have its votes vote from the next epoch on only, and marks the data as its own.
fn remember_votes(
    config: &NodeConfig,
    network: &NetworkFile,
    secrets: &Secrets,
    votes: bool,
    data: &DataFolder,
    store: &Store,
) -> Result<(), NodeError> {
    let shares = &config.shares();
    let marks = Marks { shares, data, store };
    let reshared = secrets.shares().map_err(|source| shares_error(config, source))?;
    let reshared = reshared.keys().any(|epoch| *epoch > 0);
    let found = if votes {
        marks.look(reshared)?
    } else {
        Votes::Whole
    };
    let gone = found == Votes::Gone;
    if gone && network.validators.len() == 1 {
        return Err(NodeError::OnlyVotesGone {
            data: config.data.clone(),
            shares: config.shares(),
        });
    }
    if gone {
        store
            .votes_are_missing()
            .map_err(|source| store_error(config, source))?;
    }
    Ok(marks.make(found)?)
}

fn mesh(config: &NodeConfig, network: &NetworkFile, identity: &Identity) -> Result<Option<Mesh>, NodeError> {
    let mut followers = config.follower_peers()?;
    let is_follower = config.share.is_none();
    if network.validators.len() == 1 && followers.is_empty() && !is_follower {
        return Ok(None);
    }
    let listen = config.listen.ok_or(NodeError::NoAddress)?;
    let addresses = network.validators.iter().map(|validator| validator.address);
    let validators: Vec<Peer> = network
        .validator_keys()?
        .into_iter()
        .zip(addresses)
        .filter_map(|(key, address)| Some((key, address?)))
        .collect();
    if validators.is_empty() {
        return Err(NodeError::NothingToFollow);
    }
    if is_follower {
        followers.push((identity.public(), listen));
    }
    Ok(Some(Mesh {
        listen,
        validators,
        followers,
    }))
}
