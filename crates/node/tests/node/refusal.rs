//! What a node refuses to start with, and what it says.

use crate::common::{configs, dev};
use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};
use zhengtong_node::{Node, NodeConfig, SyncMode};

/// Starts a node that must not start, and returns what it said.
async fn refused(config: &NodeConfig) -> String {
    let started = tokio::time::timeout(std::time::Duration::from_secs(60), Node::start(config.clone())).await;
    match started.expect("an answer") {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

/// A network whose only validator has run before.
async fn used(folder: &Path) -> NodeConfig {
    let config = configs(folder, &dev(1, 0)).remove(0);
    Node::start(config.clone()).await.expect("it starts").stop().await;
    config
}

fn overwrite(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_of_another_network() {
    let (mine, other) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let used = used(mine.path()).await;
    let mut network = dev(1, 0);
    network.name = "other".into();
    let foreign = NodeConfig {
        data: used.data,
        ..configs(other.path(), &network).remove(0)
    };
    let said = refused(&foreign).await;
    assert!(
        said.contains("belongs to genesis") && said.contains("data/genesis"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = used(folder.path()).await;
    let blocks = config.data.join("blocks.redb");
    let good = fs::read(&blocks).expect("exists");
    overwrite(&blocks, b"this is not a database");
    let said = refused(&config).await;
    assert!(said.contains("blocks.redb") && said.contains("restore"), "{said}");
    overwrite(&blocks, &good);

    for partition in ["validator-state-operations-blobs", "validator-blocks-value"] {
        let partition = config.data.join("engine").join(partition);
        let entries = fs::read_dir(&partition).unwrap_or_else(|e| panic!("{}: {e}", partition.display()));
        for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
            let length = entry.metadata().expect("exists").len() as usize;
            overwrite(&entry.path(), &vec![0x5a; length]);
        }
        let said = refused(&config).await;
        assert!(
            said.contains(&config.data.display().to_string()) && said.contains("restore"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_block_store_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = used(folder.path()).await;
    fs::remove_file(config.data.join("blocks.redb")).expect("it is there");
    let said = refused(&config).await;
    assert!(
        said.contains("blocks.redb is gone") && said.contains("delete the whole folder"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stops_still_holds_the_block_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = used(folder.path()).await;
    let held = fs::File::open(config.data.join("blocks.redb")).expect("it is there");
    held.lock().expect("it is free");
    let said = refused(&config).await;
    assert!(
        said.contains("is in use by another process") && !said.contains("delete"),
        "{said}"
    );
    drop(held);
    Node::start(config).await.expect("it starts").stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_share_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    for (validators, advice) in [
        (1, "cannot do anything without its share"),
        (2, "take `share` out"),
    ] {
        let own = folder.path().join(validators.to_string());
        let config = configs(&own, &dev(validators, 19_000)).remove(0);
        fs::remove_file(config.share.as_ref().expect("a validator")).expect("it is there");
        let said = refused(&config).await;
        assert!(said.contains(advice), "{said}");
    }
    let follower = NodeConfig {
        share: None,
        ..configs(&folder.path().join("2"), &dev(2, 19_000)).remove(0)
    };
    Node::start(follower).await.expect("it follows").stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = used(folder.path()).await;
    overwrite(
        &config.data.join("blocks.redb"),
        b"cut off where the disk was full",
    );
    // What is written to see whether there is room finds none.
    symlink("/dev/full", config.data.join("room")).expect("writes");
    let said = refused(&config).await;
    assert!(
        said.contains("make room and start again") && !said.contains("or delete it"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_validators_data_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = used(folder.path()).await;
    for lost in ["engine", ""] {
        fs::remove_dir_all(config.data.join(lost)).expect("it is there");
        let said = refused(&config).await;
        assert!(
            said.contains(&config.data.display().to_string()) && said.contains("--network-lost"),
            "{lost}: {said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_or_foreign_keys() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configs(folder.path(), &dev(2, 19_000)).remove(0);
    let share = config.share.clone().expect("a validator");
    let own = fs::read(&share).expect("exists");
    overwrite(&share, b"not hexadecimal");
    assert!(
        refused(&config)
            .await
            .contains("share.key does not hold a BLS share in hexadecimal digits")
    );
    overwrite(&share, &own);

    let other = tempfile::tempdir().expect("a folder");
    let mut network = dev(1, 0);
    network.name = "other".into();
    let stranger = network
        .open(other.path(), rand::make_rng::<rand::rngs::ChaCha20Rng>())
        .expect("made")
        .remove(0);
    let mixed = NodeConfig {
        identity: stranger.identity.clone(),
        ..config.clone()
    };
    assert!(refused(&mixed).await.contains("not a validator"));
    let mixed = NodeConfig {
        share: stranger.share,
        ..config.clone()
    };
    assert!(refused(&mixed).await.contains("not one of this network's"));
    // Another validator's share fits this network too, and its identity fits this share's network.
    let others = configs(folder.path(), &dev(2, 19_000)).remove(1);
    for (identity, share) in [
        (&config.identity, &others.share),
        (&others.identity, &config.share),
    ] {
        let mixed = NodeConfig {
            identity: identity.clone(),
            share: share.clone(),
            ..config.clone()
        };
        let said = refused(&mixed).await;
        let share = share.as_ref().expect("a validator");
        assert!(
            said.contains(&share.display().to_string())
                && said.contains(&identity.display().to_string())
                && said.contains("put the two files of one validator together"),
            "{said}"
        );
    }
    for path in [&config.identity, &share] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("exists");
        let said = refused(&config).await;
        assert!(
            said.contains(&format!("{} (mode 0644)", path.display())) && said.contains("chmod 600"),
            "{said}"
        );
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("exists");
    }
    fs::remove_file(&config.identity).expect("exists");
    assert!(refused(&config).await.contains("identity.key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn state_sync_from_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let alone = NodeConfig {
        sync: SyncMode::State,
        ..configs(folder.path(), &dev(1, 0)).remove(0)
    };
    assert!(refused(&alone).await.contains("this is a network of one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound");
    let config = NodeConfig {
        listen: Some(address),
        ..configs(folder.path(), &dev(2, 19_100)).remove(0)
    };
    let said = refused(&config).await;
    assert!(
        said.contains(&address.to_string()) && said.contains("in use"),
        "{said}"
    );
}

#[test]
fn configurations_and_network_files_with_mistakes() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configs(folder.path(), &dev(1, 0)).remove(0);
    let path = folder.path().join("node.toml");
    let good = toml::to_string(&config).expect("serializes");
    overwrite(&path, good.as_bytes());
    NodeConfig::read(&path).expect("reads");

    let said = |text: &str| {
        overwrite(&path, text.as_bytes());
        NodeConfig::read(&path).expect_err("refused").to_string()
    };
    assert!(said(&format!("{good}\nspeed = 3")).contains("speed"));
    assert!(said(&good.replace("heartbeat_ms = 2000", "heartbeat_ms = 1")).contains("heartbeat_ms is 1 ms"));
    assert!(
        said(&good.replace("leader_timeout_ms = 4000", "leader_timeout_ms = 2000"))
            .contains("leader_timeout_ms")
    );

    assert!(
        said(&format!("keep_blocks = 511\n{good}")).contains("keep_blocks is 511; it must be at least 512")
    );
    assert!(said(&format!("sync = \"trust\"\n{good}")).contains("trust"));
    for known in ["keep_blocks = 512", "sync = \"state\"", "sync = \"replay\""] {
        overwrite(&path, format!("{known}\n{good}").as_bytes());
        NodeConfig::read(&path).unwrap_or_else(|error| panic!("{known}: {error}"));
    }

    let text = fs::read_to_string(&config.network).expect("exists");
    let said = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        overwrite(&config.network, text.replace(from, to).as_bytes());
        zhengtong_node::NetworkFile::read(&config.network)
            .expect_err("refused")
            .to_string()
    };
    assert!(said("zhengtong-network/1", "zhengtong-network/9").contains("zhengtong-network/9"));
    assert!(said("\"chain_id\"", "\"chainid\"").contains("chainid"));
    assert!(said("\"polynomial\": \"0x0", "\"polynomial\": \"0x1").contains("polynomial"));
}
