//! The chain as the council and the residents see it: sends, and reads what is public.

use std::path::Path;

use alloy_primitives::{Address, B256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolEvent as _, SolValue as _};
use zhengtong_bindings::registry::IRegistry::Organisation;
use zhengtong_bindings::registry::Registry::{setOfficerCall, setOrganisationCall};
use zhengtong_bindings::rules::IRules::RuleSet;
use zhengtong_bindings::rules::Rules::publishCall as publishRules;
use zhengtong_bindings::services::IServices::Service;
use zhengtong_bindings::services::Services::publishCall;
use zhengtong_bindings::statutes::IStatutes::Statute;
use zhengtong_bindings::statutes::Statutes::listCall;
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_bindings::{addresses, parse_slug};
use zhengtong_client::{Account, Call, Client};
use zhengtong_gateway::PublicKeys;

/// Of `zhengtong dev`.
pub const CHAIN_ID: u64 = 20_260;

pub struct Chain {
    pub client: Client,
    council: Account,
    /// The next block to look at, and the use records of those before.
    seen: tokio::sync::Mutex<(u64, Vec<Used>)>,
}

impl Chain {
    /// A node's, governed by the key that the data folder of `zhengtong dev` derives.
    pub async fn connect(url: &str, data: &Path) -> Self {
        let client = Client::connect(url, None).await.unwrap();
        assert_eq!(client.chain_id(), CHAIN_ID);
        let seed: B256 = std::fs::read_to_string(data.join("keys/seed"))
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let council = keccak256([seed.as_slice(), b"zhengtong/dev/v1/", b"council"].concat());
        let council = PrivateKeySigner::from_bytes(&council).unwrap();
        Self {
            council: Account::new(client.clone(), council),
            client,
            seen: tokio::sync::Mutex::new((1, Vec::new())),
        }
    }

    async fn as_council(&self, to: Address, call: &impl SolCall) {
        self.council.execute(&Call::new(to, call)).await.unwrap();
    }

    /// Sends from a key of a resident, and waits until it is final.
    pub async fn send(&self, key: &PrivateKeySigner, to: Address, call: &impl SolCall) {
        let account = Account::new(self.client.clone(), key.clone());
        account.execute(&Call::new(to, call)).await.unwrap();
    }

    pub async fn list(&self, slug: &str, roles: u32, keys: &PublicKeys, gateway: &str) {
        let organisation = Organisation {
            attester: keys.attester,
            roles,
            encryptionKey: keys.encryption,
            name: slug.into(),
            gateway: gateway.into(),
        };
        let call = setOrganisationCall::new((parse_slug(slug).unwrap(), organisation));
        self.as_council(addresses().registry, &call).await;
    }

    pub async fn appoint(&self, officer: Address, slug: &str) {
        let call = setOfficerCall::new((officer, parse_slug(slug).unwrap(), true));
        self.as_council(addresses().registry, &call).await;
    }

    /// Publishes one of the packages in the binary, and the laws it cites.
    pub async fn publish(&self, slug: &str) {
        let library = zhengtong_services::bundled::library().unwrap();
        for statute in library.statutes() {
            let statute = Statute {
                law: statute.law,
                article: statute.article,
                textHash: statute.text_hash,
                validFrom: statute.valid_from_s,
                validTo: statute.valid_to_s,
            };
            self.as_council(addresses().statutes, &listCall::new((statute,)))
                .await;
        }
        let package = library
            .packages()
            .iter()
            .find(|package| package.slug() == slug)
            .unwrap();
        let rules = RuleSet::abi_decode(&package.rules().compile().abi_encode()).unwrap();
        self.as_council(addresses().rules, &publishRules::new((rules,)))
            .await;
        let listing = package.listing();
        let service = Service {
            owner: listing.owner,
            sponsor: listing.sponsor,
            packageHash: listing.package_hash,
            ruleSet: listing.rule_set,
            promisedSeconds: listing.promised_seconds,
            statutorySeconds: listing.statutory_seconds,
            appealSeconds: listing.appeal_seconds,
            active: true,
            credentialType: listing.credential_type,
            uri: "x".into(),
        };
        self.as_council(addresses().services, &publishCall::new((listing.id, service)))
            .await;
    }

    /// Every use record of a provider, in order, from verified blocks.
    pub async fn uses(&self, provider: &str) -> Vec<Used> {
        let provider = parse_slug(provider).unwrap();
        let mut seen = self.seen.lock().await;
        while seen.0 <= self.client.block_number().await.unwrap() {
            let block = self.client.block(seen.0).await.unwrap();
            let logs = block
                .receipts()
                .iter()
                .flat_map(|(_, receipt)| receipt.logs().to_vec());
            let used = logs
                .filter(|log| log.address == addresses().uses)
                .filter_map(|log| Used::decode_log(&log).ok());
            seen.1.extend(used.map(|log| log.data));
            seen.0 += 1;
        }
        seen.1
            .iter()
            .filter(|used| used.provider == provider)
            .cloned()
            .collect()
    }
}
