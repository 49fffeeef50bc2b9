//! A flood of fresh keys uses up the quota of everyone, and residents who hold a token of the day go on.

use crate::{
    common::{CHAIN_ID, Network, View, account, blank, network_of_terms, now, sign, transfer},
    tokens::{KEY, OTHER_KEY, Token, modulus},
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use aws_lc_rs::rsa::KeyPair;
use commonware_runtime::{Runner as _, Supervisor as _, deterministic};
use commonware_utils::NZU64;
use std::{num::NonZeroU64, sync::Arc, time::Duration};
use zhengtong_bindings::{
    DECIDER, EVERYONE, IDENTITY, ISSUER, NO_ROW, PROVIDER, QuotaTerms, RESIDENTS, addresses,
    allowance_message,
    allowances::Allowances,
    case_id,
    cases::Cases,
    consents::Consents,
    registry::{IRegistry::Organisation, Registry},
    rule_set_id,
    rules::{
        IRules::{Row, RuleSet},
        Rules,
    },
    services::{IServices::Service, Services},
    slug, statute_id,
    statutes::{IStatutes::Statute, Statutes},
};
use zhengtong_chain::{
    ChainView as _, Store, SubmitError, engine,
    quota::{Bound, TokenQuota},
    solo,
};
use zhengtong_evm::Database as _;

/// So long that everything here is in one epoch, and so short that another one comes.
const QUOTA_BLOCKS: NonZeroU64 = NZU64!(64);
const TRANSFER_GAS: u64 = 21_000;
/// Ten transfers.
const EVERYONES_GAS: u64 = 10 * TRANSFER_GAS;
const TOKEN_GAS: u64 = 4_000_000;
/// Of what a resident sends.
const GAS_LIMIT: u64 = 900_000;

const POLICE: B256 = slug("police");
const PERMIT: B256 = slug("permit");
const FORM: B256 = B256::repeat_byte(0xF0);
/// The clock of these tests begins with 1 January 1970, 8 o'clock in Beijing.
const TODAY: u64 = 0;

const GOVERNOR: u64 = 1;
const ATTESTER: u64 = 3;
const OFFICER: u64 = 4;
const COLLEAGUE: u64 = 5;
/// From here on, keys that nobody has seen.
const FRESH: u64 = 1_000;

fn leaked() -> &'static Network {
    let mut terms = QuotaTerms::ample();
    terms.classes[usize::from(EVERYONE)].total = EVERYONES_GAS;
    terms.classes[usize::from(RESIDENTS)].account = TOKEN_GAS;
    Box::leak(Box::new(network_of_terms(1, 1, terms)))
}

fn play<F: Future<Output = ()> + Send + 'static>(run: impl FnOnce(View) -> F + Send + 'static) {
    deterministic::Runner::timed(Duration::from_secs(600)).start(async move |context| {
        let network = leaked();
        let mut setup = network.setup(Arc::new(Store::in_memory().expect("memory")), "solo");
        setup.quota_blocks = QUOTA_BLOCKS;
        let links = solo::links(network.validators[0].clone());
        let started = engine::start(context.child("node"), setup, network.secrets(0), links).await;
        let view = started.expect("it starts").handle;
        found(&view).await;
        run(view).await;
    });
}

/// An agency that signs tokens and decides, its officers, and a service.
async fn found(view: &View) {
    let at = addresses();
    let organisation = Registry::setOrganisationCall {
        id: POLICE,
        o: Organisation {
            attester: account(ATTESTER).address(),
            roles: PROVIDER | DECIDER | IDENTITY | ISSUER,
            encryptionKey: B256::repeat_byte(1),
            name: "police".into(),
            gateway: "https://police.example".into(),
        },
    };
    let law = Statutes::listCall {
        s: Statute {
            law: "law".into(),
            article: "1".into(),
            textHash: B256::repeat_byte(2),
            validFrom: 0,
            validTo: 0,
        },
    };
    let rules = RuleSet {
        predicates: Vec::new(),
        rows: vec![Row {
            trueMask: 0,
            falseMask: 0,
            brackets: Vec::new(),
            outcome: 0,
            amountFen: 0,
            reason: slug("an-officer-looks"),
            statute: statute_id("law", "1"),
        }],
    };
    let service = Services::publishCall {
        id: PERMIT,
        s: Service {
            owner: POLICE,
            sponsor: B256::ZERO,
            packageHash: B256::repeat_byte(3),
            ruleSet: rule_set_id(&rules),
            promisedSeconds: 86_400,
            statutorySeconds: 86_400,
            appealSeconds: 86_400,
            active: true,
            credentialType: B256::ZERO,
            uri: "/permit".into(),
        },
    };
    let key = Allowances::publishCall {
        window: TODAY,
        modulus: modulus(&KEY),
    };
    let by_governor = [
        (at.registry, organisation.abi_encode()),
        (at.registry, officer(OFFICER)),
        (at.registry, officer(COLLEAGUE)),
        (at.statutes, law.abi_encode()),
        (at.rules, Rules::publishCall { rules }.abi_encode()),
        (at.services, service.abi_encode()),
        (
            at.allowances,
            Allowances::setIssuerCall { organisation: POLICE }.abi_encode(),
        ),
    ];
    for (nonce, (to, call)) in by_governor.into_iter().enumerate() {
        let raw = signed(&account(GOVERNOR), nonce as u64, 5_000_000, to, call.into());
        assert!(settled(view, raw).await.0, "call {nonce} of the governor");
    }
    let raw = signed(
        &account(ATTESTER),
        0,
        GAS_LIMIT,
        at.allowances,
        key.abi_encode().into(),
    );
    assert!(settled(view, raw).await.0, "a key is published");
}

fn officer(index: u64) -> Vec<u8> {
    Registry::setOfficerCall {
        key: account(index).address(),
        id: POLICE,
        active: true,
    }
    .abi_encode()
}

fn signed(from: &PrivateKeySigner, nonce: u64, gas_limit: u64, to: Address, input: Bytes) -> Bytes {
    let transaction = TxEip1559 {
        nonce,
        gas_limit,
        to: TxKind::Call(to),
        input,
        ..blank()
    };
    sign(from, transaction)
}

/// Waits until a transaction is final; whether it succeeded, the gas that it used, and its block.
async fn settled(view: &View, raw: Bytes) -> (bool, u64, u64) {
    let mut blocks = view.subscribe();
    let hash = view.submit(raw).await.expect("accepted");
    loop {
        if let Some((number, index)) = view.transaction(hash).expect("the store reads") {
            let block = view.block(number).expect("reads").expect("it is there");
            let receipt = &block.receipts[index];
            return (receipt.envelope.status(), receipt.gas_used, number);
        }
        blocks.recv().await.expect("the chain goes on");
    }
}

/// Waits until a transaction is final, which must succeed; the gas that it used, and its block.
async fn succeeds(view: &View, raw: Bytes, what: &str) -> (u64, u64) {
    let (done, gas, number) = settled(view, raw).await;
    assert!(done, "{what}");
    (gas, number)
}

/// Uses up what everyone has in this epoch.
async fn flood(view: &View) {
    for index in 0..EVERYONES_GAS / TRANSFER_GAS {
        let key = account(FRESH + index);
        settled(view, transfer(&key, 0, Address::repeat_byte(0x42), 0)).await;
    }
    refused(
        view,
        transfer(&account(FRESH + 99), 0, Address::repeat_byte(0x42), 0),
    )
    .await;
}

async fn refused(view: &View, raw: Bytes) {
    match view.submit(raw).await {
        Err(SubmitError::Quota(over)) => {
            assert_eq!((over.bound, over.class), (Bound::Class, EVERYONE));
        }
        other => panic!("{other:?}"),
    }
}

fn token_of(view: &View, address: Address) -> TokenQuota {
    now(view, address).token.expect("it has shown a token")
}

fn nonce_of(index: u64) -> B256 {
    keccak256(index.to_be_bytes())
}

fn good(holder: u64) -> Token {
    Token::issue(account(holder).address(), TODAY, nonce_of(holder))
}

fn opening(token: &Token, version: u32) -> Bytes {
    let call = Cases::openWithTokenCall {
        service: PERMIT,
        version,
        form: FORM,
        nonce: token.nonce,
        signature: token.signature.clone(),
    };
    call.abi_encode().into()
}

#[test]
fn a_resident_goes_on_in_an_epoch_that_a_flood_used_up() {
    play(async move |view| {
        let (at, resident) = (addresses(), account(FRESH + 500));
        let id = case_id(CHAIN_ID, at.cases, resident.address());
        flood(&view).await;
        let (token, mut used) = (good(FRESH + 500), 0);

        let consent = Consents::grantCall {
            id: B256::repeat_byte(9),
            provider: POLICE,
            service: PERMIT,
            until: 1_000_000,
            once: true,
        };
        let plain = signed(&resident, 0, GAS_LIMIT, at.consents, consent.abi_encode().into());
        refused(&view, plain).await;
        let shown = token.at_the_end_of(&consent.abi_encode());
        let raw = signed(&resident, 0, GAS_LIMIT, at.consents, shown);
        let (gas, began) = succeeds(&view, raw, "a consent, before the case is open").await;
        used += gas;
        let raw = signed(&resident, 1, GAS_LIMIT, at.cases, opening(&token, 1));
        used += succeeds(&view, raw, "the opening").await.0;

        let more = Cases::requestMoreCall {
            id,
            defects: vec![slug("photo")],
            statement: B256::ZERO,
        };
        let raw = signed(
            &account(OFFICER),
            0,
            GAS_LIMIT,
            at.cases,
            more.abi_encode().into(),
        );
        succeeds(&view, raw, "more is asked for").await;
        let supplement = Cases::supplementCall { id, form: FORM };
        let raw = signed(&resident, 2, GAS_LIMIT, at.cases, supplement.abi_encode().into());
        used += succeeds(&view, raw, "a supplement").await.0;
        let refusal = Cases::refuseCall {
            id,
            row: NO_ROW,
            reason: slug("no-photo"),
            statute: statute_id("law", "1"),
            statement: B256::ZERO,
        };
        let raw = signed(
            &account(OFFICER),
            1,
            GAS_LIMIT,
            at.cases,
            refusal.abi_encode().into(),
        );
        succeeds(&view, raw, "a refusal").await;
        let appeal = Cases::appealCall {
            id,
            statement: B256::ZERO,
        };
        let raw = signed(&resident, 3, GAS_LIMIT, at.cases, appeal.abi_encode().into());
        let (gas, ended) = succeeds(&view, raw, "an appeal").await;
        used += gas;

        assert_eq!(began / QUOTA_BLOCKS, ended / QUOTA_BLOCKS, "all in one epoch");
        refused(
            &view,
            transfer(&account(FRESH + 98), 0, Address::repeat_byte(0x42), 0),
        )
        .await;
        let found = now(&view, resident.address());
        assert_eq!((found.class, found.account.used), (EVERYONE, 0));
        assert_eq!(found.total.used, EVERYONES_GAS, "nothing of it was everyone's");
        let token = token_of(&view, resident.address());
        assert_eq!((token.account.used, token.total.used), (used, used));
        assert_eq!(token.account.limit, TOKEN_GAS);
    });
}

#[test]
fn what_is_no_token_of_the_sender_today_buys_nothing() {
    play(async move |view| {
        let at = addresses();
        flood(&view).await;
        let (holder, index) = (account(FRESH + 600), FRESH + 600);
        let nonce = nonce_of(index);
        let signed_for =
            |key: &KeyPair, who: u64, window| Token::new(key, account(who).address(), window, nonce);
        let elsewhere = allowance_message(CHAIN_ID, at.cases, TODAY, holder.address());
        let other_chain = allowance_message(CHAIN_ID + 1, at.allowances, TODAY, holder.address());
        let mut changed = good(index).signature.to_vec();
        changed[100] ^= 1;
        let bad = [
            signed_for(&KEY, index + 1, TODAY),
            signed_for(&KEY, index, TODAY + 1),
            signed_for(&OTHER_KEY, index, TODAY),
            Token::over(&KEY, nonce, &elsewhere),
            Token::over(&KEY, nonce, &other_chain),
            Token {
                nonce: B256::ZERO,
                ..good(index)
            },
            Token {
                nonce,
                signature: changed.into(),
            },
            Token {
                nonce,
                signature: vec![0; 256].into(),
            },
        ];
        for token in bad {
            refused(&view, signed(&holder, 0, GAS_LIMIT, at.cases, opening(&token, 1))).await;
            refused(
                &view,
                signed(&holder, 0, GAS_LIMIT, at.cases, token.at_the_end_of(b"")),
            )
            .await;
        }
        // An opening that is none of `Cases` shows nothing.
        let raw = signed(&holder, 0, GAS_LIMIT, at.rules, opening(&good(index), 1));
        refused(&view, raw).await;
        assert_eq!(now(&view, holder.address()).token, None);
        // More than a token buys is nobody's but everyone's.
        let raw = signed(&holder, 0, TOKEN_GAS + 1, at.cases, opening(&good(index), 1));
        refused(&view, raw).await;
        let raw = signed(&holder, 0, TOKEN_GAS, at.cases, opening(&good(index), 1));
        assert!(settled(&view, raw).await.0, "the good one");
    });
}

#[test]
fn a_token_buys_once_however_often_it_is_shown_and_whatever_becomes_of_it() {
    play(async move |view| {
        let (at, holder) = (addresses(), account(FRESH + 700));
        flood(&view).await;
        // There is no version 2: each of these reverts, after the token was checked.
        let (mut nonce, mut used) = (0, 0);
        while used + GAS_LIMIT <= TOKEN_GAS {
            let raw = signed(
                &holder,
                nonce,
                GAS_LIMIT,
                at.cases,
                opening(&good(FRESH + 700), 2),
            );
            let (done, gas, _) = settled(&view, raw).await;
            assert!(!done && gas > 100_000, "it reverts and costs {gas}");
            (nonce, used) = (nonce + 1, used + gas);
            assert_eq!(token_of(&view, holder.address()).account.used, used);
        }
        refused(
            &view,
            signed(
                &holder,
                nonce,
                GAS_LIMIT,
                at.cases,
                opening(&good(FRESH + 700), 2),
            ),
        )
        .await;
        // Nor does another one for the same key.
        let other = Token::new(&KEY, holder.address(), TODAY, nonce_of(0));
        refused(
            &view,
            signed(&holder, nonce, GAS_LIMIT, at.cases, opening(&other, 1)),
        )
        .await;
        // What is left of it is left; the next epoch adds nothing to it, but everyone has an epoch again.
        assert_eq!(token_of(&view, holder.address()).account.used, used);
        let mut blocks = view.subscribe();
        let next = (view.tip().header.number / QUOTA_BLOCKS + 1) * QUOTA_BLOCKS.get();
        while view.tip().header.number + 1 < next {
            blocks.recv().await.expect("the chain goes on");
        }
        let token = token_of(&view, holder.address());
        assert_eq!((token.account.used, token.total.used), (used, 0));
        settled(&view, transfer(&holder, nonce, Address::repeat_byte(0x42), 0)).await;
        let now = now(&view, holder.address());
        assert_eq!(
            now.account.used, 0,
            "a small one fits in what is left of the token"
        );
        assert_eq!(now.token.expect("still").account.used, used + TRANSFER_GAS);
    });
}

#[test]
fn without_an_issuer_nothing_is_a_token() {
    play(async move |view| {
        let (at, holder) = (addresses(), account(FRESH + 800));
        let none = Allowances::setIssuerCall {
            organisation: B256::ZERO,
        }
        .abi_encode();
        settled(
            &view,
            signed(&account(GOVERNOR), 7, GAS_LIMIT, at.allowances, none.into()),
        )
        .await;
        flood(&view).await;
        refused(
            &view,
            signed(&holder, 0, GAS_LIMIT, at.cases, opening(&good(FRESH + 800), 1)),
        )
        .await;
        assert_eq!(now(&view, holder.address()).token, None);
        assert_eq!(
            view.state(view.tip().header.number)
                .expect("kept")
                .basic(holder.address())
                .expect("reads"),
            None
        );
    });
}
