//! A network for tests: real threshold keys, funded accounts, the real genesis contracts.

use alloy_consensus::{
    SignableTransaction as _, TxEip1559, TxEip7702, TxEnvelope, crypto::secp256k1::sign_message,
};
use alloy_eips::{eip2718::Encodable2718 as _, eip7702::Authorization};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use alloy_signer_local::PrivateKeySigner;
use commonware_consensus::types::Epoch;
use commonware_cryptography::{
    PublicKey, Signer as _,
    bls12381::{
        dkg::feldman_desmedt::{DealerPrivMsg, deal},
        primitives::{group::Share, sharing::Mode, variant::MinSig},
    },
    ed25519,
    transcript::Summary,
};
use commonware_glue::dkg::{SecretStore, network::Manager};
use commonware_math::algebra::Random as _;
use commonware_p2p::{PeerSetSubscription, Provider, TrackedPeers};
use commonware_runtime::deterministic;
use commonware_utils::{N3f1, NZU64, NZUsize, TryCollect as _, ordered::Set};
use parking_lot::Mutex;
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use std::{collections::BTreeMap, convert::Infallible, num::NonZeroU64, sync::Arc, time::Duration};
use zhengtong_bindings::slug;
use zhengtong_chain::{
    ChainView as _, Config, FirstClass, Genesis, GenesisSpec, GenesisValidator, Governance, Handle,
    QuotaTerms, Setup, Store,
    quota::{Standing, standing},
};
use zhengtong_evm::{Database as _, Delegations};
use zhengtong_state::Wait;
use zhengtong_types::{
    NAMESPACE, NetworkInfo, NetworkKey,
    committee::{Directory, first_epoch},
    consensus::{Scheme, ValidatorKey},
};

/// A validator that runs in the deterministic runtime.
pub type View = Handle<deterministic::Context>;

pub const CHAIN_ID: u64 = 20260;
/// The deterministic runtime's clock starts at the epoch.
pub const GENESIS_MS: u64 = 0;
/// So long that most tests stay in the first epoch.
pub const EPOCH_BLOCKS: NonZeroU64 = NZU64!(3_600);

/// Accounts of a class that is soon at its end. The last one is nobody's but a liar's.
pub const PINCHED: [u64; 3] = [18, 19, 20];
/// The number of that class.
pub const PINCHED_CLASS: u8 = 5;
/// An account that nobody knows, and that has no token.
pub const FORGER: u64 = 2_000;
/// Its quotas: three transfers an account, five in all.
pub const PINCHED_GAS: [u64; 2] = [3 * 21_000, 5 * 21_000];

/// Nobody else is short of gas.
pub fn quotas() -> QuotaTerms {
    let mut terms = QuotaTerms::ample();
    terms.classes.push(FirstClass {
        name: slug("pinched"),
        account: PINCHED_GAS[0],
        total: PINCHED_GAS[1],
    });
    let pinched = PINCHED.map(|index| (account(index).address(), PINCHED_CLASS));
    QuotaTerms {
        assigned: pinched.to_vec(),
        ..terms
    }
}

/// Blocks after which quotas begin anew.
pub const QUOTA_BLOCKS: NonZeroU64 = NZU64!(16);

pub struct Network {
    pub spec: GenesisSpec,
    pub genesis: Genesis,
    pub info: NetworkInfo,
    /// Everyone's keys: those of the genesis, then those who may be voted in.
    pub validators: Vec<ValidatorKey>,
    pub keys: Vec<ed25519::PrivateKey>,
    pub shares: Vec<Share>,
    pub schemes: Vec<Scheme>,
    pub epoch_blocks: NonZeroU64,
}

impl Network {
    /// The first validator, as tests run it alone.
    pub fn setup(&self, store: Arc<Store>, prefix: &str) -> Setup {
        Setup {
            config: config(),
            network: self.info.clone(),
            genesis: self.genesis.clone(),
            delegations: Delegations::default(),
            signer: self.keys[0].clone(),
            votes: true,
            epoch_blocks: self.epoch_blocks,
            quota_blocks: QUOTA_BLOCKS,
            store,
            wait: Wait::Refuse,
            prefix: prefix.into(),
        }
    }

    /// The secrets of a node before the first epoch; one that is to be voted in has none.
    pub fn secrets(&self, index: usize) -> Secrets {
        let secrets = Secrets::default();
        if let Some(share) = self.shares.get(index) {
            secrets.0.lock().shares.insert(0, share.clone());
        }
        secrets
    }
}

/// What a validator keeps to itself, in memory.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    shares: BTreeMap<u64, Share>,
    seeds: BTreeMap<u64, Summary>,
    dealings: BTreeMap<(u64, Vec<u8>), DealerPrivMsg>,
}

impl Secrets {
    /// The epochs of which there is a share.
    pub fn epochs(&self) -> Vec<u64> {
        self.0.lock().shares.keys().copied().collect()
    }
}

impl SecretStore for Secrets {
    async fn put_share(&mut self, epoch: Epoch, share: Share) {
        self.0.lock().shares.insert(epoch.get(), share);
    }

    async fn get_share(&mut self, epoch: Epoch) -> Option<Share> {
        self.0.lock().shares.get(&epoch.get()).cloned()
    }

    async fn put_seed(&mut self, epoch: Epoch, seed: Summary) {
        self.0.lock().seeds.insert(epoch.get(), seed);
    }

    async fn get_seed(&mut self, epoch: Epoch) -> Option<Summary> {
        self.0.lock().seeds.get(&epoch.get()).cloned()
    }

    async fn put_dealing<P: PublicKey>(&mut self, epoch: Epoch, dealer: P, private: DealerPrivMsg) {
        let key = (epoch.get(), dealer.as_ref().to_vec());
        self.0.lock().dealings.insert(key, private);
    }

    async fn get_dealing<P: PublicKey>(&mut self, epoch: Epoch, dealer: &P) -> Option<DealerPrivMsg> {
        let key = (epoch.get(), dealer.as_ref().to_vec());
        self.0.lock().dealings.get(&key).cloned()
    }

    async fn prune(&mut self, min: Epoch) {
        let mut kept = self.0.lock();
        kept.shares.retain(|epoch, _| *epoch >= min.get());
        kept.seeds.retain(|epoch, _| *epoch >= min.get());
        kept.dealings.retain(|(epoch, _), _| *epoch >= min.get());
    }
}

/// Peers of a simulated network, where everyone who is ever there is known from the beginning.
#[derive(Clone, Debug)]
pub struct Known<M>(pub M);

impl<M: Provider<PublicKey = ValidatorKey>> Provider for Known<M> {
    type PublicKey = ValidatorKey;

    async fn peer_set(&mut self, id: u64) -> Option<TrackedPeers<ValidatorKey>> {
        self.0.peer_set(id).await
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<ValidatorKey> {
        self.0.subscribe().await
    }
}

impl<M: Provider<PublicKey = ValidatorKey>> Manager for Known<M> {
    type Directory = Directory;
    type Error = Infallible;

    fn track(&mut self, _: Epoch, _: TrackedPeers<ValidatorKey>, _: &Directory) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A network of `n` validators, the same for the same seed.
pub fn network(n: usize, seed: u64) -> Network {
    network_of(n, seed, EPOCH_BLOCKS)
}

/// A network with epochs of another length.
pub fn network_of(n: usize, seed: u64, epoch_blocks: NonZeroU64) -> Network {
    network_with(n, 0, seed, epoch_blocks)
}

/// A network with other quotas.
pub fn network_of_terms(n: usize, seed: u64, terms: QuotaTerms) -> Network {
    network_as(n, 0, seed, EPOCH_BLOCKS, terms)
}

/// A network in which some more nodes have keys and follow.
pub fn network_with(n: usize, waiting: usize, seed: u64, epoch_blocks: NonZeroU64) -> Network {
    network_as(n, waiting, seed, epoch_blocks, quotas())
}

fn network_as(n: usize, waiting: usize, seed: u64, epoch_blocks: NonZeroU64, quotas: QuotaTerms) -> Network {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut make = |count: usize| {
        let keys = (0..count).map(|_| ed25519::PrivateKey::random(&mut rng));
        let mut keys: Vec<_> = keys.collect();
        keys.sort_by_key(|key| key.public_key());
        keys
    };
    let (mut keys, more) = (make(n), make(waiting));
    let validators: Vec<ValidatorKey> = keys.iter().map(|key| key.public_key()).collect();
    let players: Set<ValidatorKey> = validators.iter().cloned().try_collect().expect("keys differ");
    keys.extend(more);
    let (output, shares) =
        deal::<MinSig, _, N3f1>(&mut rng, Mode::NonZeroCounter, players.clone()).expect("n > 0");
    let sharing = output.public().clone();
    let schemes = shares
        .values()
        .iter()
        .map(|share| {
            Scheme::signer(NAMESPACE, players.clone(), sharing.clone(), share.clone()).expect("a player")
        })
        .collect();
    let name = B256::repeat_byte(7);
    let spec = GenesisSpec {
        chain_id: CHAIN_ID,
        timestamp_ms: GENESIS_MS,
        block_gas_limit: zhengtong_chain::config::DEFAULT_BLOCK_GAS_LIMIT,
        alloc: (1..=20)
            .map(|index| (account(index).address(), U256::from(10).pow(U256::from(21))))
            .collect(),
        governance: Governance::Key(account(1).address()),
        recovery_delay_s: zhengtong_chain::RECOVERY_DELAY_S,
        network: name,
        validators: validators
            .iter()
            .map(|key| GenesisValidator {
                key: key.clone(),
                name: String::new(),
            })
            .collect(),
        quotas,
        first_epoch: first_epoch(name, &sharing, &validators).expect("they fit"),
    };
    let genesis = spec.build().expect("the genesis builds");
    let info = NetworkInfo {
        chain_id: CHAIN_ID,
        name: "test".into(),
        public_key: NetworkKey::new(*sharing.public()),
        namespace: Bytes::from_static(NAMESPACE),
        genesis_hash: genesis.block.hash(),
        validators: n as u32,
        threshold: sharing.required(),
        contracts: genesis.contracts.clone(),
        version: "test".into(),
    };
    Network {
        spec,
        genesis,
        info,
        validators: keys.iter().map(|key| key.public_key()).collect(),
        keys,
        shares: shares.values().to_vec(),
        schemes,
        epoch_blocks,
    }
}

pub fn config() -> Config {
    Config {
        heartbeat: Duration::from_secs(2),
        leader_timeout: Duration::from_secs(4),
        // So few that pages are read again from the disk.
        cached_pages: NZUsize!(256),
        ..Config::default()
    }
}

/// A funded account.
pub fn account(index: u64) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::from(U256::from(index))).expect("small scalars are keys")
}

/// A signed transfer, as a wallet sends it.
pub fn transfer(from: &PrivateKeySigner, nonce: u64, to: Address, value: u64) -> Bytes {
    sign(
        from,
        TxEip1559 {
            nonce,
            gas_limit: 21_000,
            to: TxKind::Call(to),
            value: U256::from(value),
            ..blank()
        },
    )
}

pub fn blank() -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN_ID,
        ..TxEip1559::default()
    }
}

/// By libsecp256k1: the simulations sign so much that it matters.
fn signature(from: &PrivateKeySigner, hash: B256) -> Signature {
    sign_message(from.to_bytes(), hash).expect("local keys sign")
}

pub fn sign(from: &PrivateKeySigner, transaction: TxEip1559) -> Bytes {
    let signed = signature(from, transaction.signature_hash());
    TxEnvelope::from(transaction.into_signed(signed))
        .encoded_2718()
        .into()
}

/// A transaction by which an account delegates to a contract (EIP-7702).
pub fn delegation(from: &PrivateKeySigner, nonce: u64, target: Address) -> Bytes {
    let authorization = Authorization {
        chain_id: U256::from(CHAIN_ID),
        address: target,
        nonce: nonce + 1,
    };
    let signed = signature(from, authorization.signature_hash());
    let transaction = TxEip7702 {
        chain_id: CHAIN_ID,
        nonce,
        gas_limit: 100_000,
        to: Address::repeat_byte(0x43),
        authorization_list: vec![authorization.into_signed(signed)],
        ..TxEip7702::default()
    };
    let signed = signature(from, transaction.signature_hash());
    TxEnvelope::from(transaction.into_signed(signed))
        .encoded_2718()
        .into()
}

/// What an account has in the block after the tip.
pub fn now(view: &View, address: Address) -> Standing {
    let number = view.tip().header.number;
    let mut state = view.state(number).expect("the tip is kept");
    let rules = view.quotas().expect("it counts");
    standing(rules, address, number + 1, |contract, slot| {
        state.storage(contract, slot)
    })
    .expect("memory reads")
}
