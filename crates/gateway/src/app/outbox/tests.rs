use std::sync::Arc;

use alloy_consensus::{Transaction as _, TxEnvelope, transaction::SignerRecoverable as _};
use alloy_eips::Decodable2718 as _;
use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt as _};
use parking_lot::Mutex;
use zhengtong_bindings::uses::Uses::multicallCall;
use zhengtong_client::Checkpoint;
use zhengtong_types::VerifiedBlock;

use super::*;
use alloy_sol_types::SolCall as _;

const TARGET: Address = Address::repeat_byte(7);

/// A chain that takes everything, or refuses it, and finalizes nothing.
#[derive(Default)]
struct Node {
    sent: Mutex<Vec<TxEnvelope>>,
    refuses: Mutex<bool>,
}

#[async_trait]
impl ChainPort for Node {
    fn chain_id(&self) -> u64 {
        1
    }

    fn network(&self) -> String {
        "test".into()
    }

    async fn pending_nonce(&self, _: Address) -> Result<u64, ChainError> {
        Ok(0)
    }

    async fn send(&self, raw: &Bytes) -> Result<B256, ChainError> {
        if *self.refuses.lock() {
            return Err(ChainError::Refused("no".into()));
        }
        let transaction = TxEnvelope::decode_2718(&mut raw.as_ref()).unwrap();
        let hash = *transaction.tx_hash();
        self.sent.lock().push(transaction);
        Ok(hash)
    }

    async fn wait_final(&self, _: B256, _: Duration) -> Result<Option<VerifiedReceipt>, ChainError> {
        Ok(None)
    }

    async fn call(&self, _: Address, _: Bytes) -> Result<Bytes, ChainError> {
        Err(ChainError::Temporary("nothing here".into()))
    }

    fn follow(&self, _: Option<Checkpoint>) -> BoxStream<'static, Result<VerifiedBlock, ChainError>> {
        stream::empty().boxed()
    }
}

struct World {
    _folder: tempfile::TempDir,
    node: Arc<Node>,
    outbox: Outbox,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = zhengtong_vault::sql::sqlite_url(&folder.path().join("store.db"));
        let node = Arc::new(Node::default());
        let outbox = Outbox::new(
            Store::open(&url).await.unwrap(),
            node.clone(),
            PrivateKeySigner::random(),
        );
        Self {
            _folder: folder,
            node,
            outbox,
        }
    }

    /// The use record of a new request, each of a case of its own; its call is `byte`.
    async fn first(&self, byte: u8) -> Result<Submitted, OutboxError> {
        let word = B256::repeat_byte(byte);
        let first = FirstUse {
            consumer: "civil-affairs".into(),
            nonce: (format!("nonce-{byte}"), 1_000),
            id: word,
            digest: word,
            case_id: word,
            made_ms: 1,
        };
        let call = Box::new(move |_| Some((word, Bytes::from(vec![byte]))));
        self.outbox.submit_first(&name(byte), TARGET, first, call).await
    }

    async fn row(&self, byte: u8) -> OutboxRow {
        self.outbox.store.transaction(&name(byte)).await.unwrap().unwrap()
    }
}

fn name(byte: u8) -> String {
    format!("exchange/civil-affairs/{byte}")
}

#[tokio::test]
async fn those_that_wait_together_share_a_transaction_and_each_finds_it_by_its_name() {
    let world = World::new().await;
    let (one, two, three) = tokio::join!(world.first(1), world.first(2), world.first(3));
    let mut hashes = Vec::new();
    for (byte, submitted) in [(1, one), (2, two), (3, three)] {
        let Ok(Submitted::Sent(sent)) = submitted else {
            panic!("{byte} was not sent")
        };
        assert_eq!(sent.data, Bytes::from(vec![byte]));
        hashes.push(sent.hash);
    }
    hashes.dedup();
    let [hash] = hashes[..] else { panic!("{hashes:?}") };

    let sent = world.node.sent.lock().clone();
    let [transaction] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!((transaction.nonce(), transaction.to()), (0, Some(TARGET)));
    assert_eq!(transaction.recover_signer().unwrap(), world.outbox.address());
    let mut calls = multicallCall::abi_decode(transaction.input()).unwrap().data;
    calls.sort();
    assert_eq!(calls, [[1], [2], [3]].map(Bytes::from));

    // After a crash each of them has the whole transaction, though it is kept once.
    let raw = alloy_eips::Encodable2718::encoded_2718(transaction);
    for byte in [1, 2, 3] {
        let row = world.row(byte).await;
        assert_eq!(row.signed, Some((0, Bytes::from(raw.clone()), hash)));
        assert_eq!(
            (row.data, row.state),
            (Bytes::from(vec![byte]), OutboxState::Signed)
        );
    }
    assert_eq!(world.outbox.resume().await.unwrap(), 3);
}

#[tokio::test]
async fn when_a_shared_one_is_undone_each_is_sent_alone_and_the_refused_one_is_found() {
    let world = World::new().await;
    let (one, two) = tokio::join!(world.first(1), world.first(2));
    let (Ok(Submitted::Sent(one)), Ok(Submitted::Sent(_))) = (one, two) else {
        panic!("not sent")
    };
    let store = &world.outbox.store;
    assert!(
        !store.reverted(&name(1), one.hash).await.unwrap(),
        "it was not alone"
    );
    for byte in [1, 2] {
        let row = world.row(byte).await;
        assert_eq!((row.signed, row.state), (None, OutboxState::Wanted));
    }
    assert!(
        !store.reverted(&name(2), one.hash).await.unwrap(),
        "it is told the same"
    );
    let wanted = store.wanted_exchanges(10).await.unwrap();
    assert_eq!(wanted.len(), 2);

    let mut alone = Vec::new();
    for byte in [1, 2] {
        alone.push(
            world
                .outbox
                .submit(&name(byte), TARGET, &Bytes::from(vec![byte]))
                .await
                .unwrap(),
        );
    }
    let inputs: Vec<_> = world.node.sent.lock()[1..]
        .iter()
        .map(|transaction| transaction.input().clone())
        .collect();
    assert_eq!(inputs, [[1], [2]].map(Bytes::from));
    assert!(
        store.reverted(&name(2), alone[1].hash).await.unwrap(),
        "now it was"
    );
    assert_eq!(world.row(2).await.state, OutboxState::Reverted);
    assert_eq!(world.row(1).await.state, OutboxState::Signed);
}

#[tokio::test]
async fn when_the_node_refuses_a_shared_one_its_nonce_is_free_again() {
    let world = World::new().await;
    *world.node.refuses.lock() = true;
    let (one, two) = tokio::join!(world.first(1), world.first(2));
    assert!(one.is_err() && two.is_err());
    assert!(world.outbox.store.unfinished().await.unwrap().is_empty());
    assert!(world.outbox.store.signed_nonces().await.unwrap().is_empty());
    *world.node.refuses.lock() = false;
    world
        .outbox
        .submit(&name(1), TARGET, &Bytes::from(vec![1]))
        .await
        .unwrap();
    assert_eq!(world.node.sent.lock()[0].nonce(), 0);
}

#[tokio::test]
async fn a_transaction_holds_no_more_than_its_gas_allows() {
    let world = World::new().await;
    let all = futures::future::join_all((1..=60).map(|byte| world.first(byte))).await;
    assert!(
        all.iter()
            .all(|submitted| matches!(submitted, Ok(Submitted::Sent(_))))
    );
    let mut sizes: Vec<_> = world
        .node
        .sent
        .lock()
        .iter()
        .map(|transaction| multicallCall::abi_decode(transaction.input()).unwrap().data.len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [12, 48]);
}
