//! A person who lost every device: two authorities, three days, and their backup is theirs again.

use std::time::Duration;

use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolStruct, SolValue, eip712_domain, sol};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zhengtong_bindings::accounts::Accounts::{
    createCall, finishCall, isSignerCall, recoveryIdCall, versionCall, vetoCall,
};
use zhengtong_bindings::accounts::IAccounts::{Guards, Proof, Signer};
use zhengtong_bindings::{addresses, recovery_id, slug};
use zhengtong_credentials::{Presentation, present};
use zhengtong_gateway::app::backup::{BACKUP_STEP_BYTES, MAX_BACKUP_BYTES};
use zhengtong_gateway::app::recovery::{GUARD_INFO, SHARE_INFO};

use crate::chain::CHAIN_ID;
use crate::deletion::{bytes_below, contains, number};
use crate::wallet::Wallet;
use crate::world::{Answer, World};

const AUTHORITIES: [&str; 3] = ["public-security", "human-resources", "health"];
const HOST: &str = "civil-affairs";
const DELAY: Duration = Duration::from_secs(72 * 3600);
const DEVICE: u8 = 2;

sol! {
    struct Veto {
        bytes32 account;
        uint64 version;
    }
}

/// A device: its P-256 key, and the X25519 key that shares are sealed to.
struct Device {
    key: SigningKey,
    secret: <X25519HkdfSha256 as Kem>::PrivateKey,
    receiver: B256,
}

impl Device {
    fn new(label: &str) -> Self {
        let key = SigningKey::from_slice(keccak256(label).as_slice()).unwrap();
        let (secret, public) = X25519HkdfSha256::derive_keypair(keccak256([label, "x"].concat()).as_slice());
        Self {
            key,
            secret,
            receiver: B256::from_slice(&public.to_bytes()),
        }
    }

    fn signer(&self) -> Signer {
        let point = self.key.verifying_key().to_sec1_point(false);
        let word = |bytes: Option<&[u8]>| B256::from_slice(bytes.unwrap());
        Signer {
            kind: DEVICE,
            weight: 2,
            x: word(point.x().map(AsRef::as_ref)),
            y: word(point.y().map(AsRef::as_ref)),
        }
    }

    fn id(&self) -> B256 {
        let signer = self.signer();
        keccak256((U256::from(DEVICE), signer.x, signer.y).abi_encode_params())
    }

    /// r ‖ s with the lower s, which is what the contract takes.
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.key.sign(message);
        signature.normalize_s().to_bytes().to_vec()
    }

    async fn backup(&self, world: &World, account: B256, body: Option<&Value>) -> Answer {
        self.backup_at(HOST, world, account, body).await
    }

    async fn backup_at(&self, host: &str, world: &World, account: B256, body: Option<&Value>) -> Answer {
        let path = format!("/v1/accounts/{account:#x}/backup");
        let method = if body.is_some() { "POST" } else { "GET" };
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let (time, digest) = (world.clock_ms(), hex::encode(Sha256::digest(&body)));
        let text = format!("zhengtong account request\n{account:#x}\n{method}\n{path}\n{time}\n{digest}");
        let headers = [
            ("x-account-time", time.to_string()),
            ("x-account-signer", format!("{:#x}", self.id())),
            (
                "x-account-signature",
                URL_SAFE_NO_PAD.encode(self.sign(text.as_bytes())),
            ),
        ];
        world.request(host, method, &path, &headers, body.into()).await
    }

    fn open(&self, account: B256, sealed: &str) -> Value {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).unwrap();
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&sealed[..32]).unwrap();
        let text = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.secret,
            &encapsulated,
            SHARE_INFO,
            &sealed[32..],
            account.as_slice(),
        )
        .unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

impl World {
    fn clock_ms(&self) -> u64 {
        use zhengtong_gateway::app::clock::Clock as _;
        self.clock.now_ms()
    }

    async fn follow_all(&self) {
        for (_, app) in &self.gateways {
            app.follow().await.unwrap();
        }
    }
}

/// Whoever carries a transaction: it does not matter.
fn carrier() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256("carrier")).unwrap()
}

async fn account_of(world: &World, device: &Device) -> B256 {
    let guards = Guards {
        authorities: AUTHORITIES.map(slug).to_vec(),
        guardians: Vec::new(),
        guardiansNeeded: 0,
    };
    let call = createCall {
        signers: vec![device.signer()],
        guards: guards.clone(),
        salt: keccak256("salt"),
    };
    world.chain.submit(&carrier(), addresses().accounts, &call);
    world.follow_all().await;
    let (chain, at) = (U256::from(CHAIN_ID), addresses().accounts);
    keccak256((chain, at, call.signers, guards, call.salt).abi_encode_params())
}

fn share(authority: &str) -> Vec<u8> {
    [keccak256(authority).as_slice(), &[7]].concat()
}

/// What a wallet posts to an authority; shown for `purpose`, which should be the account.
async fn guard(world: &World, wallet: &Wallet, account: B256, purpose: B256, authority: &str) -> Answer {
    let nonce = format!("{purpose:#x}");
    let shown = Presentation {
        disclose: &["number"],
        audience: authority,
        nonce: &nonce,
        at_s: world.clock_ms() / 1000,
    };
    let presentation = present(wallet.identity.as_ref().unwrap(), &wallet.holder, &shown).unwrap();
    let message = json!({ "v": 1, "presentation": presentation, "share": URL_SAFE_NO_PAD.encode(share(authority)), "host": HOST });
    let to = world.encryption(authority);
    let to = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(to.as_slice()).unwrap();
    let (encapsulated, ciphertext) = hpke::single_shot_seal::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &to,
        GUARD_INFO,
        message.to_string().as_bytes(),
        account.as_slice(),
    )
    .unwrap();
    let sealed = URL_SAFE_NO_PAD.encode([encapsulated.to_bytes().as_slice(), &ciphertext].concat());
    world
        .post(
            authority,
            &format!("/v1/accounts/{account:#x}/guard"),
            &json!({ "sealed": sealed }),
        )
        .await
}

/// A new device asks at an authority; answers ticket and code.
async fn ask(world: &World, device: &Device, authority: &str) -> (String, String) {
    let signer = device.signer();
    let body = json!({
        "signers": [{ "kind": signer.kind, "weight": signer.weight, "x": signer.x, "y": signer.y }],
        "receiver": device.receiver,
    });
    let answer = world.post(authority, "/v1/recoveries", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let text = |name: &str| answer.json[name].as_str().unwrap().to_owned();
    (text("ticket"), text("code"))
}

async fn approve(world: &World, authority: &str, number: &str, code: &str) -> Answer {
    let bearer = world.bearer(authority, 0).await;
    let body = json!({ "number": number, "code": code }).to_string();
    world
        .request(
            authority,
            "POST",
            "/v1/counter/recoveries",
            &bearer,
            body.into_bytes().into(),
        )
        .await
}

async fn release(world: &World, authority: &str, ticket: &str) -> Answer {
    world
        .post(authority, &format!("/v1/recoveries/{ticket}/share"), &json!({}))
        .await
}

fn finish(world: &World, account: B256, device: &Device) -> bool {
    let call = finishCall {
        account,
        signers: vec![device.signer()],
        receiver: device.receiver,
    };
    world.chain.try_submit(&carrier(), addresses().accounts, &call).1
}

fn is_signer(world: &World, account: B256, device: &Device) -> bool {
    let call = isSignerCall {
        account,
        signer: device.id(),
    };
    world.chain.read(addresses().accounts, &call)
}

/// A person with an account, guarded by three authorities, and a backup.
async fn enrolled(world: &World) -> (Wallet, Device, B256) {
    let (wallet, device) = (world.wallet("approved-66").await, Device::new("old phone"));
    let account = account_of(world, &device).await;
    for authority in AUTHORITIES {
        let answer = guard(world, &wallet, account, account, authority).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    }
    let answer = device.backup(world, account, Some(&content(1, 1))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    (wallet, device, account)
}

fn content(version: u64, steps: usize) -> Value {
    json!({ "version": version, "content": URL_SAFE_NO_PAD.encode(vec![version as u8; steps * BACKUP_STEP_BYTES]) })
}

/// Two authorities have approved the new phone; answers their tickets.
async fn approved(world: &World, wallet: &Wallet, phone: &Device) -> [(&'static str, String); 2] {
    let mut tickets = Vec::new();
    for authority in ["health", "public-security"] {
        let (ticket, code) = ask(world, phone, authority).await;
        let answer = approve(world, authority, &wallet.number, &code).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
        tickets.push((authority, ticket));
    }
    tickets.try_into().unwrap()
}

#[tokio::test]
async fn a_person_who_lost_everything_finds_everything() {
    let world = World::new().await;
    let (wallet, old, account) = enrolled(&world).await;
    let new = Device::new("new phone");
    let tickets = approved(&world, &wallet, &new).await;

    // Before the delay ends the new phone is nobody: not to the contract, not to the host, not to the authorities.
    world.advance(DELAY - Duration::from_secs(1));
    assert!(!finish(&world, account, &new), "finished early");
    world.follow_all().await;
    assert!(!is_signer(&world, account, &new));
    let refused = new.backup(&world, account, None).await;
    assert_eq!(
        (refused.status, refused.kind()),
        (StatusCode::UNAUTHORIZED, "wrong-signature")
    );
    for (authority, ticket) in &tickets {
        let refused = release(&world, authority, ticket).await;
        assert_eq!(
            (refused.status, refused.kind()),
            (StatusCode::CONFLICT, "not-finished")
        );
    }
    // Its owner may still use the old one.
    assert_eq!(old.backup(&world, account, None).await.status, StatusCode::OK);

    world.advance(Duration::from_secs(1));
    assert!(finish(&world, account, &new), "not finished in time");
    world.follow_all().await;
    for (authority, ticket) in &tickets {
        let answer = release(&world, authority, ticket).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let opened = new.open(account, answer.json["sealed"].as_str().unwrap());
        assert_eq!(opened["share"], URL_SAFE_NO_PAD.encode(share(authority)));
        assert_eq!(opened["host"], HOST);
    }
    let answer = new.backup(&world, account, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json, content(1, 1));
    let refused = old.backup(&world, account, None).await;
    assert_eq!(
        refused.status,
        StatusCode::UNAUTHORIZED,
        "the lost phone is nobody now"
    );
}

#[tokio::test]
async fn a_veto_stops_it_and_nothing_is_released() {
    let world = World::new().await;
    let (wallet, old, account) = enrolled(&world).await;
    let thief = Device::new("thief's phone");
    let tickets = approved(&world, &wallet, &thief).await;

    let domain = eip712_domain! {
        name: "Zhengtong Accounts", version: "1", chain_id: CHAIN_ID, verifying_contract: addresses().accounts,
    };
    let digest = Veto { account, version: 1 }.eip712_signing_hash(&domain);
    let proof = Proof {
        signer: old.id(),
        signature: Bytes::from(old.sign(digest.as_slice())),
    };
    world
        .chain
        .submit(&carrier(), addresses().accounts, &vetoCall { account, proof });
    world.advance(DELAY);
    assert!(!finish(&world, account, &thief));
    world.follow_all().await;
    for (authority, ticket) in &tickets {
        let refused = release(&world, authority, ticket).await;
        assert_eq!(
            (refused.status, refused.kind()),
            (StatusCode::CONFLICT, "not-finished")
        );
    }
    assert_eq!(
        thief.backup(&world, account, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(old.backup(&world, account, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_who_is_deleted_leaves_no_account_that_is_theirs() {
    let world = World::new().await;
    let (wallet, old, account) = enrolled(&world).await;
    let new = Device::new("new phone");
    let tickets = approved(&world, &wallet, &new).await;
    // An authority that hosts the backup as well: it can tell whose it is, by the share that it keeps.
    let (authority, ticket) = &tickets[0];
    let copy = content(7, 1);
    let kept = old.backup_at(authority, &world, account, Some(&copy)).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.text);
    let app = world.app(authority);
    let needles = [
        app.vault.resident(&number(&wallet.number)).to_hex(),
        // The whole of it spans pages of the database.
        copy["content"].as_str().unwrap()[..1_000].to_owned(),
    ];
    let place = world.folder.path().join(authority);
    for needle in &needles {
        assert!(contains(&bytes_below(&place), needle.as_bytes()), "{needle}");
    }

    app.forget(&number(&wallet.number)).await.unwrap();
    // What was shown before, and may have been kept by who carries it, brings nothing back.
    let again = guard(&world, &wallet, account, account, authority).await;
    assert_eq!(
        (again.status, again.kind()),
        (StatusCode::CONFLICT, "before-deletion"),
        "{}",
        again.text
    );
    for needle in &needles {
        assert!(!contains(&bytes_below(&place), needle.as_bytes()), "{needle}");
    }
    let gone = old.backup_at(authority, &world, account, None).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "{}", gone.text);
    let kept = old.backup(&world, account, None).await;
    assert_eq!(kept.status, StatusCode::OK, "another host knows nobody");
    // The recovery goes on without this authority: its share is no more, and its ticket is nobody's.
    world.advance(DELAY);
    assert!(finish(&world, account, &new));
    world.follow_all().await;
    let refused = release(&world, authority, ticket).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.text);
    let (other, ticket) = &tickets[1];
    let released = release(&world, other, ticket).await;
    assert_eq!(released.status, StatusCode::OK, "{}", released.text);
}

#[tokio::test]
async fn an_officer_approves_for_the_person_at_the_counter_alone() {
    let world = World::new().await;
    let (wallet, _, _) = enrolled(&world).await;
    let new = Device::new("new phone");
    let (ticket, code) = ask(&world, &new, "health").await;
    let waiting = world
        .get("health", &format!("/v1/recoveries/{ticket}"), &[])
        .await;
    assert_eq!(waiting.json, json!({ "account": null, "recovery": null }));

    let body = json!({ "number": wallet.number, "code": code });
    let refused = world.post("health", "/v1/counter/recoveries", &body).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "no session");
    let refused = approve(&world, "health", &wallet.number, "00000000").await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "no such code");
    let refused = approve(&world, "health", "123", &code).await;
    assert_eq!(
        (refused.status, refused.field()),
        (StatusCode::BAD_REQUEST, "number")
    );
    let other = &world.demo("approved-70").number;
    let refused = approve(&world, "health", other, &code).await;
    assert_eq!(
        refused.status,
        StatusCode::NOT_FOUND,
        "that person keeps nothing here"
    );
    assert!(!refused.text.contains(other.as_str()));
    let refused = approve(&world, "civil-affairs", &wallet.number, &code).await;
    assert_eq!(
        refused.status,
        StatusCode::NOT_FOUND,
        "another office, another code"
    );

    for _ in 0..2 {
        let answer = approve(&world, "health", &wallet.number, &code).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    }
    let refused = world.get("health", "/v1/recoveries/unknown", &[]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let (_, late) = ask(&world, &new, "health").await;
    world.advance(Duration::from_secs(31 * 60));
    let refused = approve(&world, "health", &wallet.number, &late).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "too old");
}

#[tokio::test]
async fn a_share_is_kept_for_who_proves_to_be_the_person() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    let account = account_of(&world, &Device::new("old phone")).await;
    let answer = guard(&world, &wallet, account, keccak256("another"), "health").await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::FORBIDDEN, "identity-not-proven")
    );
    let unknown = keccak256("no account");
    let answer = guard(&world, &wallet, unknown, unknown, "health").await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::CONFLICT, "not-guarded")
    );
    let answer = guard(&world, &wallet, account, account, HOST).await;
    assert_eq!(
        (answer.status, answer.kind()),
        (StatusCode::CONFLICT, "not-guarded"),
        "not named by the account"
    );
    let path = format!("/v1/accounts/{account:#x}/guard");
    let answer = world
        .post(
            "health",
            &path,
            &json!({ "sealed": URL_SAFE_NO_PAD.encode([9; 200]) }),
        )
        .await;
    assert_eq!(
        (answer.status, answer.field()),
        (StatusCode::BAD_REQUEST, "sealed")
    );
}

#[tokio::test]
async fn a_backup_is_numbered_padded_bounded_and_its_devices_alone() {
    let world = World::new().await;
    let (_, device, account) = enrolled(&world).await;
    let stranger = Device::new("stranger");
    let refused = stranger.backup(&world, account, Some(&content(2, 1))).await;
    assert_eq!(
        (refused.status, refused.kind()),
        (StatusCode::UNAUTHORIZED, "wrong-signature")
    );
    let path = format!("/v1/accounts/{account:#x}/backup");
    let refused = world.get(HOST, &path, &[]).await;
    assert_eq!(refused.field(), "x-account-time");

    let again = device.backup(&world, account, Some(&content(1, 1))).await;
    assert_eq!(again.status, StatusCode::OK, "the same again");
    let answer = device.backup(&world, account, Some(&content(3, 2))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let stale = device.backup(&world, account, Some(&content(2, 1))).await;
    assert_eq!((stale.status, stale.kind()), (StatusCode::CONFLICT, "stale"));
    assert_eq!(device.backup(&world, account, None).await.json, content(3, 2));

    for bytes in [0, 1, BACKUP_STEP_BYTES - 1, MAX_BACKUP_BYTES + BACKUP_STEP_BYTES] {
        let body = json!({ "version": 4, "content": URL_SAFE_NO_PAD.encode(vec![0; bytes]) });
        let refused = device.backup(&world, account, Some(&body)).await;
        assert_eq!(
            (refused.status, refused.field()),
            (StatusCode::BAD_REQUEST, "content"),
            "{bytes}"
        );
    }
    let full = device.backup(&world, account, Some(&content(4, 16))).await;
    assert_eq!(full.status, StatusCode::OK, "{}", full.text);
}

#[tokio::test]
async fn what_rust_signs_is_what_the_contract_checks() {
    let world = World::new().await;
    let device = Device::new("old phone");
    let account = account_of(&world, &device).await;
    let version: u64 = world.chain.read(addresses().accounts, &versionCall { account });
    assert_eq!(version, 1);
    let signers = vec![device.signer(), Device::new("another").signer()];
    let call = recoveryIdCall {
        account,
        signers: signers.clone(),
        receiver: device.receiver,
    };
    let at = addresses().accounts;
    assert_eq!(
        world.chain.read::<recoveryIdCall>(at, &call),
        recovery_id(CHAIN_ID, at, account, version, &signers, device.receiver)
    );
}
