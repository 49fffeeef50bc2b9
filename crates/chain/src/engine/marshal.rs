//! Marshal: keeps finalized blocks and certificates, and fetches those that this node missed.

use super::{
    Runtime, Setup, StartError,
    epochs::verifier,
    limits::{BUFFER_BYTES, FETCH_RETRY, FETCH_TIMEOUT, MAILBOX, RETAINED_VIEWS},
};
use crate::inner::Marshal;
use commonware_broadcast::buffered;
use commonware_consensus::{
    marshal::{
        self, Start,
        core::{Actor, Floor},
        resolver::{
            handler::Receiver as Requests,
            p2p::{self as resolver, Mailbox as Resolver},
        },
        standard::Standard,
    },
    types::{Epoch, FixedEpocher},
};
use commonware_cryptography::{Digested, certificate::ConstantProvider};
use commonware_p2p::{Blocker, Provider, Receiver, Sender};
use commonware_parallel::Sequential;
use commonware_runtime::buffer::paged::CacheRef;
use commonware_storage::{
    archive::prunable::{self, Archive},
    translator::EightCap,
};
use commonware_utils::{NZDuration, NZU64, NZUsize};
use std::{
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
};
use zhengtong_types::consensus::{Block, Digest, Finalization, Scheme, ValidatorKey};

const ITEMS_PER_SECTION: NonZeroU64 = NZU64!(4_096);
/// Blocks of one peer that are kept until they are needed.
const BROADCAST_BLOCKS: usize = 16;
/// Missing blocks that are fetched at a time.
const MAX_REPAIR: NonZeroUsize = NZUsize!(64);
/// Blocks that the application may have in hand.
const MAX_PENDING_ACKS: NonZeroUsize = NZUsize!(4);

type Epochs = ConstantProvider<Scheme, Epoch>;
pub type Blocks<E> = Archive<EightCap, E, Digest, Arc<Block>>;
pub type Certificates<E> = Archive<EightCap, E, Digest, Finalization>;
type Keeper<E> = Actor<E, Standard<Block>, Epochs, Certificates<E>, Blocks<E>, FixedEpocher, Sequential>;

/// Marshal's archives, open.
pub struct Opened<E: Runtime> {
    pub actor: Keeper<E>,
    pub mailbox: Marshal,
    pub floor: Floor,
}

/// How marshal reaches other nodes.
pub struct Exchange {
    pub resolver: (Requests<Digest>, Resolver<Digest, ValidatorKey>),
    pub buffer: buffered::Mailbox<ValidatorKey, Block>,
}

/// Which epoch a block is of.
pub fn epocher(setup: &Setup) -> FixedEpocher {
    FixedEpocher::new(setup.epoch_blocks)
}

/// Opens the archives of certificates and of blocks, where the engine keeps what is final.
pub async fn archives<E: Runtime>(
    context: &E,
    setup: &Setup,
    page_cache: &CacheRef,
) -> Result<(Certificates<E>, Blocks<E>), StartError> {
    let prefix = &setup.prefix;
    let archive = |name: &str| archive_config(&format!("{prefix}-{name}"), page_cache.clone());
    let certificates = Archive::init(context.child("certificates"), archive("certificates"))
        .await
        .map_err(|source| StartError::State(format!("the certificate archive: {source}")))?;
    let blocks = Archive::init(context.child("blocks"), archive("blocks"))
        .await
        .map_err(|source| StartError::State(format!("the block archive: {source}")))?;
    Ok((certificates, blocks))
}

/// Opens the archives and what serves them.
pub async fn open<E: Runtime>(
    context: &E,
    setup: &Setup,
    page_cache: &CacheRef,
    start: Start<Scheme, Digest, Digested<Block>>,
) -> Result<Opened<E>, StartError> {
    let prefix = &setup.prefix;
    let (certificates, blocks) = archives(context, setup, page_cache).await?;
    let config = marshal::Config {
        provider: ConstantProvider::new(verifier(setup)),
        epocher: epocher(setup),
        start,
        partition_prefix: format!("{prefix}-marshal"),
        mailbox_size: MAILBOX,
        view_retention: RETAINED_VIEWS,
        prunable_items_per_section: ITEMS_PER_SECTION,
        page_cache: page_cache.clone(),
        replay_buffer: BUFFER_BYTES,
        key_write_buffer: BUFFER_BYTES,
        value_write_buffer: BUFFER_BYTES,
        block_codec_config: (),
        max_repair: MAX_REPAIR,
        max_pending_acks: MAX_PENDING_ACKS,
        strategy: Sequential,
    };
    let (actor, mailbox, floor) = Actor::init(context.child("marshal"), certificates, blocks, config).await;
    Ok(Opened {
        actor,
        mailbox,
        floor,
    })
}

/// Starts what sends blocks to others and asks others for blocks.
pub fn exchange<E, P, B, S, R>(
    context: &E,
    me: &ValidatorKey,
    peers: &P,
    blocker: &B,
    backfill: (S, R),
    broadcast: (S, R),
) -> Exchange
where
    E: Runtime,
    P: Provider<PublicKey = ValidatorKey>,
    B: Blocker<PublicKey = ValidatorKey>,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    let resolver = resolver::init(
        context.child("marshal_resolver"),
        resolver::Config {
            public_key: me.clone(),
            peer_provider: peers.clone(),
            blocker: blocker.clone(),
            mailbox_size: MAILBOX,
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            priority_requests: false,
            priority_responses: false,
        },
        backfill,
    );
    let (engine, buffer) = buffered::Engine::new(
        context.child("broadcast"),
        buffered::Config {
            public_key: me.clone(),
            mailbox_size: MAILBOX,
            deque_size: BROADCAST_BLOCKS,
            priority: false,
            codec_config: (),
            peer_provider: peers.clone(),
            strategy: Sequential,
        },
    );
    engine.start(broadcast);
    Exchange { resolver, buffer }
}

fn archive_config(prefix: &str, page_cache: CacheRef) -> prunable::Config<EightCap, ()> {
    prunable::Config {
        translator: EightCap,
        metadata_partition: format!("{prefix}-metadata"),
        key_partition: format!("{prefix}-key"),
        key_page_cache: page_cache,
        value_partition: format!("{prefix}-value"),
        compression: None,
        codec_config: (),
        items_per_section: ITEMS_PER_SECTION,
        key_write_buffer: BUFFER_BYTES,
        value_write_buffer: BUFFER_BYTES,
        replay_buffer: BUFFER_BYTES,
    }
}
