//! One person who lets another act for them, as their wallets do it.

use alloy_primitives::{Address, B256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};
use zhengtong_bindings::addresses;
use zhengtong_bindings::delegations::Delegations::{endCall, registerCall};
use zhengtong_credentials::{Jwk, Presentation, present};
use zhengtong_gateway::app::delegation::{AUDIENCE, MAX_CASES, TREE_DEPTH};
use zhengtong_gateway::app::link::canonical;

use crate::chain::CHAIN_ID;
use crate::wallet::{OwnCase, Wallet};
use crate::world::{NOW_S, World};

pub const DAY_S: u64 = 86_400;

/// A delegation with the cases that can be opened under it.
pub struct Given {
    seed: u64,
    pub key: PrivateKeySigner,
    pub terms: Value,
    pub presentation: String,
    cases: Vec<OwnCase>,
    levels: Vec<Vec<B256>>,
}

fn salt(seed: u64, index: u64) -> B256 {
    keccak256(format!("leaf/{seed}/{index}"))
}

fn hash(parts: &[&[u8]]) -> B256 {
    keccak256(parts.concat())
}

impl Given {
    /// Terms between two people for the old-age allowance and thirty days, signed, and not registered yet.
    pub fn new(seed: u64, giver: &Wallet, delegate: &Wallet) -> Self {
        let form = json!({ "payment_channel": "social-security-card" });
        let given = Self::unsigned(seed, giver, delegate, form);
        let presentation = sign(giver, &given.terms, AUDIENCE);
        Self {
            presentation,
            ..given
        }
    }

    /// Terms of a guardian for a child and the living subsidy, which nobody confirmed yet.
    pub fn guardian(seed: u64, child: &Wallet, guardian: &Wallet) -> Self {
        let form = json!({ "payment_channel": "social-security-card", "contact_by": "portal" });
        let mut given = Self::unsigned(seed, child, guardian, form);
        given.terms["role"] = "guardian".into();
        given.terms["services"] = json!(["disability-living-subsidy"]);
        given
    }

    fn unsigned(seed: u64, giver: &Wallet, delegate: &Wallet, form: Value) -> Self {
        let cases: Vec<_> = (0..u64::from(MAX_CASES))
            .map(|index| OwnCase::new(seed * 1_000 + index, form.clone()).of(giver))
            .collect();
        let leaf = |(case, index): (&OwnCase, u64)| {
            hash(&[salt(seed, index).as_slice(), case.key.address().as_slice()])
        };
        let mut levels = vec![cases.iter().zip(0..).map(leaf).collect::<Vec<_>>()];
        for _ in 0..TREE_DEPTH {
            let below = levels.last().unwrap();
            let pair = |pair: &[B256]| hash(&[pair[0].as_slice(), pair[1].as_slice()]);
            levels.push(below.chunks(2).map(pair).collect());
        }
        let key = PrivateKeySigner::from_bytes(&keccak256(format!("delegation/{seed}"))).unwrap();
        let thumbprint = Jwk::parse(&delegate.holder_jwk(), "test").unwrap().thumbprint();
        let terms = json!({
            "v": 1, "id": keccak256(format!("id/{seed}")), "chainId": CHAIN_ID, "key": key.address(),
            "delegate": thumbprint, "role": "carer", "services": ["old-age-allowance"],
            "from": NOW_S, "until": NOW_S + 30 * DAY_S, "cases": levels[TREE_DEPTH][0],
        });
        Self {
            seed,
            key,
            presentation: String::new(),
            terms,
            cases,
            levels,
        }
    }

    /// The same with changed terms, signed by the giver.
    pub fn with(mut self, giver: &Wallet, name: &str, value: Value) -> Self {
        self.terms[name] = value;
        self.presentation = sign(giver, &self.terms, AUDIENCE);
        self
    }

    pub fn document(&self) -> B256 {
        keccak256(canonical(&self.terms))
    }

    pub fn case(&self, index: usize) -> &OwnCase {
        &self.cases[index]
    }

    pub fn register(&self, world: &World) {
        let call = registerCall {
            document: self.document(),
            until: self.terms["until"].as_u64().unwrap(),
        };
        world.chain.submit(&self.key, addresses().delegations, &call);
    }

    pub fn end(&self, world: &World) {
        world
            .chain
            .submit(&self.key, addresses().delegations, &endCall {});
    }

    /// What a link carries for the case with this number.
    pub fn shown(&self, index: usize) -> Value {
        let beside = |(height, level): (usize, &Vec<B256>)| level[(index >> height) ^ 1];
        let path: Vec<B256> = self.levels[..TREE_DEPTH].iter().enumerate().map(beside).collect();
        let place = json!({ "index": index, "salt": salt(self.seed, index as u64), "path": path });
        json!({ "terms": self.terms, "presentation": self.presentation, "place": place })
    }

    /// A link's members by which the delegate tells a provider of this case.
    pub fn link(&self, index: usize, delegate: &Wallet, organisation: &str, now_s: u64) -> Value {
        let owner = organisation == crate::world::OWNER;
        let mut rest = self
            .case(index)
            .link_rest(delegate, organisation, true, owner, None, now_s);
        rest["delegation"] = self.shown(index);
        rest
    }
}

/// A giver's identity, shown for terms.
pub fn sign(giver: &Wallet, terms: &Value, audience: &str) -> String {
    let nonce = format!("{:#x}", keccak256(canonical(terms)));
    let shown = Presentation {
        disclose: &["number"],
        audience,
        nonce: &nonce,
        at_s: NOW_S,
    };
    present(giver.identity.as_ref().unwrap(), &giver.holder, &shown).unwrap()
}

/// A key that is nobody's.
pub fn nobodys_key() -> Address {
    Address::repeat_byte(0xDE)
}
