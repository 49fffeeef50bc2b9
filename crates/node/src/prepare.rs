//! Everything that can be checked before a node's engine is started.

use crate::{
    Identity, NetworkFile, NodeConfig, NodeError, ShareFile, SyncMode,
    data::{DataError, DataFolder},
    files,
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
    let store = open_store(&config, &data)?;
    if !votes {
        require_later_epoch(&config, &network, &store)?;
    }
    require_own_shares(&config, &identity, &secrets, &store)?;
    remember_votes(&config, &network, &identity, &secrets, &data, &store)?;
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

/// Opens the block store. The engine's folder is never there before it.
fn open_store(config: &NodeConfig, data: &DataFolder) -> Result<Store, NodeError> {
    let path = data.blocks();
    let failed = |source| DataError::Io {
        path: data.engine(),
        source,
    };
    if !path.exists() && !files::is_empty(&data.engine()).map_err(failed)? {
        return Err(NodeError::NoStore {
            path,
            folder: config.data.clone(),
        });
    }
    Store::open(&path).map_err(|source| NodeError::Store { path, source })
}

/// Opens the folder with this node's shares. The configuration names the share of the first epoch, which goes when there are
/// later ones; whoever is no validator from the first epoch on has none.
fn secrets(config: &NodeConfig, network: &NetworkFile, identity: &Identity) -> Result<Secrets, NodeError> {
    let failed = |source| shares_error(config, source);
    let kept = Secrets::open(&config.shares()).map_err(failed)?;
    let (committee, sharing) = (network.committee()?, network.sharing()?);
    let me = identity.public();
    match &config.share {
        Some(_) if committee.position(&me).is_none() => return Err(NodeError::NotAValidator(me.to_string())),
        Some(path) if path.exists() => {
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
        _ => {}
    }
    Ok(kept.with_first(config.share.clone()))
}

/// A node without any share follows. If it is to have one, that must be because shares were dealt anew since.
fn require_later_epoch(config: &NodeConfig, network: &NetworkFile, store: &Store) -> Result<(), NodeError> {
    let Some(share) = &config.share else {
        return Ok(());
    };
    if network.validators.len() == 1 {
        return Err(NodeError::OnlyShareGone);
    }
    let tip = store.tip().map_err(|source| store_error(config, source))?;
    let epoch_blocks = network.epoch_blocks()?.get();
    if tip.is_some_and(|tip| tip >= epoch_blocks) {
        return Ok(());
    }
    Err(NodeError::NoShare {
        share: share.clone(),
        shares: config.shares(),
    })
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

/// Lets a node whose data does not have its votes, or that does not have the shares it voted with, vote from the next epoch on
/// only, and marks the data as its own.
fn remember_votes(
    config: &NodeConfig,
    network: &NetworkFile,
    identity: &Identity,
    secrets: &Secrets,
    data: &DataFolder,
    store: &Store,
) -> Result<(), NodeError> {
    let shares = &config.shares();
    let marks = Marks { shares, data, store };
    let failed = |source| shares_error(config, source);
    let reshared = secrets.shares().map_err(failed)?.keys().any(|epoch| *epoch > 0);
    let newest = committee::kept(store).map_err(|source| store_error(config, source))?;
    let newest = newest.into_iter().max_by_key(|info| info.epoch);
    let is_validator = match &newest {
        Some(info) => info.output.players().position(&identity.public()).is_some(),
        None => network.committee()?.position(&identity.public()).is_some(),
    };
    // What is dealt to a node is noted an epoch before its data knows of it.
    let least = newest.map_or(0, |info| info.epoch.get().saturating_sub(1));
    let found = match secrets.newest().map_err(failed)? {
        None if !is_validator => Votes::Whole,
        None => Votes::Gone,
        Some(kept) if is_validator && kept < least => Votes::Gone,
        Some(_) => marks.look(reshared)?,
    };
    if found == Votes::Gone && network.validators.len() == 1 {
        return Err(NodeError::OnlyVotesGone {
            data: config.data.clone(),
            shares: config.shares(),
        });
    }
    if found == Votes::Gone {
        store
            .votes_are_missing()
            .map_err(|source| store_error(config, source))?;
        // The engine of an epoch in which this node does not vote cannot read votes of its own.
        data.forget_votes()?;
    }
    Ok(marks.make(found)?)
}

fn mesh(config: &NodeConfig, network: &NetworkFile, identity: &Identity) -> Result<Option<Mesh>, NodeError> {
    let mut followers = config.follower_peers()?;
    let is_follower = config.share.is_none() && network.committee()?.position(&identity.public()).is_none();
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
