use crate::common::{account, balance, configs, dev, finalized, transfer};
use alloy_primitives::{Address, B256, U256};
use sha2::{Digest as _, Sha256};
use std::fs;
use zhengtong_chain::{
    ChainView as _,
    backup::{BackupError, Export, Reader, Summary},
};
use zhengtong_node::{Node, NodeConfig, RestoreError, View, dev::DevNetwork, restore};
use zhengtong_types::NetworkInfo;

const TRANSFERS: u64 = 24;
/// How far apart bytes are that are changed one after the other.
const STRIDE: usize = 331;
/// Bytes of a frame before its content.
const FRAME: usize = 5;

async fn backup(view: &View) -> Vec<u8> {
    let mut export = Export::begin(view).await.expect("the node has every block");
    let mut bytes = Vec::new();
    while let Some(chunk) = export.chunk().await.expect("the node runs") {
        bytes.extend_from_slice(&chunk);
    }
    bytes
}

/// Where the frames of a backup begin, and their tags.
fn frames(bytes: &[u8]) -> Vec<(usize, u8)> {
    let (mut at, mut frames) = (17, Vec::new());
    while at < bytes.len() - 32 {
        frames.push((at, bytes[at]));
        let length: [u8; 4] = bytes[at + 1..at + FRAME].try_into().expect("four bytes");
        at += FRAME + u32::from_be_bytes(length) as usize;
    }
    frames
}

/// A forger can compute a sum too.
fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = bytes.len() - 32;
    let sum = Sha256::digest(&bytes[..length]);
    bytes[length..].copy_from_slice(&sum);
    bytes
}

/// Reads a whole backup as `network`'s.
fn check(network: &NetworkInfo, bytes: &[u8]) -> Result<Summary, BackupError> {
    Reader::open(bytes, network.chain_id, network.genesis_hash, network.public_key)?.check(|_, _| {})
}

/// A node with transfers, and its backup while more come in.
async fn filled(config: NodeConfig, receiver: Address) -> (Node, Vec<u8>) {
    let node = Node::start(config).await.expect("it starts");
    let view = node.view().clone();
    for nonce in 0..TRANSFERS {
        let raw = transfer(&account(1), nonce, receiver, 1);
        let hash = view.submit(raw).await.expect("accepted");
        if nonce % 4 == 0 {
            finalized(&view, hash).await;
        }
    }
    // The last ones are acknowledged, and may be final or not.
    let bytes = backup(&view).await;
    (node, bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_goes_on_from_its_backup_and_nothing_acknowledged_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configs(folder.path(), &dev(1, 0)).remove(0);
    let receiver = Address::repeat_byte(0x42);
    let (node, bytes) = filled(config.clone(), receiver).await;
    let network = node.view().network().clone();
    node.stop().await;
    let file = folder.path().join("a.backup");
    fs::write(&file, &bytes).expect("writes");
    let summary = check(&network, &bytes).expect("whole");
    assert!(summary.certificates > 0 && summary.bytes == bytes.len() as u64);

    // A folder with data is never touched, though the backup may have newer blocks.
    let again = restore(&config, &file, Some(summary.hash), |_| {});
    assert!(matches!(again, Err(RestoreError::NotEmpty(_))), "{again:?}");
    fs::remove_dir_all(&config.data).expect("it is there");
    let nothing = folder.path().join("nothing.backup");
    let missing = restore(&config, &nothing, Some(summary.hash), |_| {});
    assert!(matches!(missing, Err(RestoreError::Io { .. })), "{missing:?}");
    // Nobody else can say what the only validator voted, and who says that all is lost says after which block.
    let alone = restore(&config, &file, None, |_| {});
    assert!(matches!(alone, Err(RestoreError::Alone)), "{alone:?}");
    let other = restore(&config, &file, Some(B256::repeat_byte(1)), |_| {});
    assert!(
        matches!(other, Err(RestoreError::OtherBlock { found, .. }) if found == summary.hash),
        "{other:?}"
    );
    let stranger = configs(
        &folder.path().join("other"),
        &DevNetwork {
            chain_id: 7,
            ..dev(1, 0)
        },
    )
    .remove(0);
    let foreign = restore(&stranger, &file, Some(summary.hash), |_| {});
    assert!(
        matches!(
            foreign,
            Err(RestoreError::Backup {
                source: BackupError::OtherNetwork { .. },
                ..
            })
        ),
        "{foreign:?}"
    );
    assert!(
        !config.data.exists() && !stranger.data.exists(),
        "nothing is made"
    );
    // What an interrupted restore left does not matter.
    let left = config.data.with_file_name("data.restoring");
    fs::create_dir_all(left.join("engine")).expect("writes");
    let summary_hash = summary.hash;
    let (restored, config) = tokio::task::spawn_blocking(move || {
        let restored = restore(&config, &file, Some(summary_hash), |_| {}).expect("it is restored");
        (restored, config)
    })
    .await
    .expect("no panic");
    assert_eq!(restored.summary, summary);
    assert!(!left.exists());
    let secrets = config.data.join("unused");
    assert!(!secrets.exists(), "a restored folder has no secrets");

    let node = Node::start(config)
        .await
        .expect("it starts on the restored folder");
    let view = node.view().clone();
    assert!(view.tip().header.number >= summary.height);
    let hash = view
        .block(summary.height)
        .expect("reads")
        .expect("it is there")
        .hash;
    assert_eq!(hash, summary.hash);
    view.finality(1)
        .expect("reads")
        .expect("certified")
        .verify(&view.network().public_key)
        .expect("the first block's certificate is the network's");
    // The next nonce follows everything that was acknowledged.
    let raw = transfer(&account(1), TRANSFERS, receiver, 1);
    let hash = view.submit(raw).await.expect("accepted");
    finalized(&view, hash).await;
    assert_eq!(balance(&view, receiver).await, U256::from(TRANSFERS + 1));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_changed_or_forged_backup_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configs(folder.path(), &dev(1, 0)).remove(0);
    let (node, bytes) = filled(config, Address::repeat_byte(0x42)).await;
    let network = node.view().network().clone();
    node.stop().await;
    check(&network, &bytes).expect("it is whole");
    let refused = |bytes: &[u8]| check(&network, bytes).expect_err("it is believed");
    let frames = frames(&bytes);

    // A bit is another one: anywhere, and everywhere at both ends.
    let ends = (0..80).chain(bytes.len() - 90..bytes.len());
    for at in ends.chain((80..bytes.len()).step_by(STRIDE)) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        println!("byte {at}: {}", refused(&changed));
    }
    // It ends too early, in the middle of a frame or between two.
    for at in frames.iter().map(|(at, _)| *at).chain([0, 16, bytes.len() - 1]) {
        let error = refused(&bytes[..at]);
        assert!(matches!(error, BackupError::Cut { .. }), "{at}: {error}");
    }
    // A newer program wrote it.
    let mut newer = bytes.clone();
    newer[16] += 1;
    let error = refused(&summed(newer));
    assert!(
        matches!(error, BackupError::Format { found: 2, known: 1 }),
        "{error}"
    );
    let error = refused(&[&bytes[..], &[0]].concat());
    assert!(matches!(error, BackupError::Damaged { .. }), "{error}");

    // The forger computes the sum anew.
    let certificates: Vec<usize> = frames
        .iter()
        .filter(|(_, tag)| *tag == 4)
        .map(|(at, _)| *at)
        .collect();
    let (first, last) = (certificates[0], *certificates.last().expect("some"));
    let end = frames.last().expect("an end").0;
    let mut forged = bytes.clone();
    // The signature is the certificate's last 48 bytes; one of another block is a signature too.
    let signature = |at: usize| {
        let length = u32::from_be_bytes(bytes[at + 1..at + FRAME].try_into().expect("four")) as usize;
        at + FRAME + length - 48..at + FRAME + length
    };
    forged[signature(last)].copy_from_slice(&bytes[signature(first)]);
    let error = refused(&summed(forged));
    assert!(matches!(error, BackupError::Certificate { .. }), "{error}");
    let without = [&bytes[..last], &bytes[end..]].concat();
    let error = refused(&summed(without));
    assert!(matches!(error, BackupError::Uncertified { .. }), "{error}");
    // A block is left out.
    let blocks: Vec<usize> = frames
        .iter()
        .filter(|(_, tag)| *tag == 3)
        .map(|(at, _)| *at)
        .collect();
    let without = [&bytes[..blocks[1]], &bytes[blocks[2]..]].concat();
    let error = refused(&summed(without));
    assert!(matches!(error, BackupError::Damaged { .. }), "{error}");

    // Whole, and of this network, but asked for another.
    let other = NetworkInfo {
        genesis_hash: B256::repeat_byte(1),
        ..network.clone()
    };
    let error = check(&other, &bytes).expect_err("another genesis");
    assert!(matches!(error, BackupError::OtherNetwork { .. }), "{error}");
    let key = zhengtong_types::mocks::Committee::new(9, 1).key().to_owned();
    let other = NetworkInfo {
        public_key: key,
        ..network.clone()
    };
    let error = check(&other, &bytes).expect_err("another key");
    assert!(matches!(error, BackupError::Certificate { .. }), "{error}");
}
