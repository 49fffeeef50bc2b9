//! Against a real validator: engine, state database, JSON-RPC and the contracts of genesis.

use crate::node::transfer;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use futures::StreamExt as _;
use rand::{SeedableRng as _, rngs::ChaCha20Rng};
use std::{collections::BTreeMap, path::Path};
use zhengtong_bindings::{
    Registry, Validators, addresses, registry::IRegistry, slug, validators::IValidators::Validator as Listed,
};
use zhengtong_client::{Account, Call, Checkpoint, Client};
use zhengtong_node::{Node, dev::DevNetwork};
use zhengtong_rpc::{Config, Hosts, RpcServer};

struct Validator {
    node: Node,
    server: RpcServer,
}

impl Validator {
    async fn start(folder: &Path) -> Self {
        let signer = council().address();
        let network = DevNetwork {
            council: signer,
            alloc: BTreeMap::from([(signer, U256::from(1_000))]),
            ..DevNetwork::default()
        };
        let mut configs = network.open(folder, ChaCha20Rng::seed_from_u64(1)).unwrap();
        let node = Node::start(configs.remove(0)).await.unwrap();
        let config = Config {
            address: "127.0.0.1:0".parse().unwrap(),
            hosts: Hosts::Local,
        };
        let server = RpcServer::start(config, node.view().clone()).await.unwrap();
        Self { node, server }
    }

    async fn client(&self) -> Client {
        use zhengtong_chain::ChainView as _;
        let key = self.node.view().network().public_key;
        Client::connect(&format!("http://{}", self.server.address()), Some(key))
            .await
            .unwrap()
    }

    async fn stop(self) {
        self.server.stop().await;
        self.node.stop().await;
    }
}

fn council() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(0x42)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_a_validator_says_is_proven() {
    let folder = tempfile::tempdir().unwrap();
    let validator = Validator::start(folder.path()).await;
    let client = validator.client().await;
    let account = Account::new(client.clone(), council());

    // Transfers, and a contract call that logs.
    let receipt = account.execute(&transfer()).await.unwrap();
    assert!(receipt.succeeded());
    let registry = addresses().registry;
    let organisation = IRegistry::Organisation {
        attester: Address::repeat_byte(7),
        roles: 1,
        encryptionKey: B256::repeat_byte(8),
        name: "民政".into(),
        gateway: "/gateway/civil-affairs".into(),
    };
    let id = slug("civil-affairs");
    let set = Registry::setOrganisationCall { id, o: organisation };
    let receipt = account.execute(&Call::new(registry, &set)).await.unwrap();
    let event = receipt.logs().iter().find(|log| log.address == registry).unwrap();
    assert_eq!(event.topics()[1], id);
    let found = client
        .read(registry, &Registry::organisationCall { id })
        .await
        .unwrap();
    assert_eq!(found.name, "民政");

    // State: what is there, and what is not.
    let absent = B256::repeat_byte(0xff);
    // The organisation's first word, whichever of the contract's variables the mapping is.
    let slots: Vec<_> = (0..4)
        .map(|variable| keccak256([id, B256::with_last_byte(variable)].concat()))
        .chain([absent])
        .collect();
    let state = client.state(registry, &slots).await.unwrap();
    assert!(state.account().exists());
    assert!(state.slots().values().any(|word| word[12..] == [7; 20]));
    assert_eq!(state.slot(absent), Some(B256::ZERO));
    let nobody = client.state(Address::repeat_byte(0xee), &[]).await.unwrap();
    assert!(!nobody.account().exists());
    let sender = client.state(account.address(), &[]).await.unwrap();
    assert_eq!(
        (sender.account().nonce(), sender.account().balance()),
        (2, U256::from(999))
    );

    // Many blocks, so that old operations lie behind the database's floor.
    for _ in 0..60 {
        account.submit(&transfer()).await.unwrap();
    }
    let last = account.execute(&transfer()).await.unwrap();
    let state = client.state(registry, &slots).await.unwrap();
    assert!(state.header().number() >= last.header().number());
    assert_eq!(
        client
            .state(account.address(), &[])
            .await
            .unwrap()
            .account()
            .nonce(),
        63
    );

    // Every block from genesis on, then through a restart.
    let tip = client.block_number().await.unwrap();
    let mut blocks = client.follow(0);
    let (mut seen, mut transactions) = (None, 0);
    for _ in 0..=tip {
        let block = blocks.next().await.unwrap().unwrap();
        transactions += block.transactions().len();
        seen = Some(Checkpoint::from(&block));
    }
    assert_eq!(transactions, 63);
    validator.stop().await;

    let validator = Validator::start(folder.path()).await;
    let client = validator.client().await;
    let account = Account::new(client.clone(), council());
    assert_eq!(
        client.receipt(last.transaction_hash()).await.unwrap().receipt(),
        last.receipt()
    );
    let failing = Call {
        to: TxKind::Call(registry),
        data: Bytes::from_static(b"none"),
        value: U256::ZERO,
        gas_limit: None,
    };
    assert!(account.submit(&failing).await.is_err());
    account.execute(&transfer()).await.unwrap();
    let next = client.follow_after(seen.unwrap()).next().await.unwrap().unwrap();
    assert_eq!(next.number(), tip + 1);
    validator.stop().await;
}

/// The list starts as the network file's validators, without their addresses, and the council changes it.
#[tokio::test(flavor = "multi_thread")]
async fn the_council_says_who_validates() {
    let folder = tempfile::tempdir().unwrap();
    let validator = Validator::start(folder.path()).await;
    let client = validator.client().await;
    let (account, at) = (Account::new(client.clone(), council()), addresses().validators);
    let named = client
        .read(
            addresses().registry,
            &Registry::contractOfCall {
                name: slug("validators"),
            },
        )
        .await
        .unwrap();
    assert_eq!(named, at);

    let file = folder.path().join("network.json");
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let own = Listed {
        key: file["validators"][0]["key"].as_str().unwrap().parse().unwrap(),
        location: String::new(),
        name: String::new(),
    };
    let listed = client.read(at, &Validators::listCall {}).await.unwrap();
    assert_eq!(listed, std::slice::from_ref(&own));

    let newcomer = Listed {
        key: B256::with_last_byte(1),
        location: "192.0.2.7:9700".into(),
        name: "卫生健康委".into(),
    };
    let add = Validators::addCall { v: newcomer.clone() };
    account.execute(&Call::new(at, &add)).await.unwrap();
    let listed = client.read(at, &Validators::listCall {}).await.unwrap();
    assert_eq!(listed, [newcomer, own.clone()], "in the order of keys");
    let remove = Validators::removeCall { key: own.key };
    account.execute(&Call::new(at, &remove)).await.unwrap();
    let listed = client.read(at, &Validators::listCall {}).await.unwrap();
    assert_eq!(listed.len(), 1);

    let stranger = PrivateKeySigner::from_bytes(&B256::repeat_byte(0x43)).unwrap();
    let refused = Account::new(client.clone(), stranger)
        .execute(&Call::new(at, &remove))
        .await;
    assert!(refused.is_err(), "a stranger changed the list");
    validator.stop().await;
}
