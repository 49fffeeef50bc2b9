//! One network, three agencies, and every way in which an exchange goes well or does not.

use std::time::Duration;

use alloy_primitives::B256;
use serde_json::{Value, json};
use tempfile::TempDir;
use zhengtong_bindings::{DECIDER, IDENTITY, ISSUER, PROVIDER, statute_id};

use crate::agencies::{Agency, Setup};
use crate::chain::Chain;
use crate::collector::Collector;
use crate::databases::Databases;
use crate::liar::{Letter, Liar, deliver, fresh, request};
use crate::processes::Process;
use crate::proxy::{Mode, Proxy};
use crate::resident::{consent_to, grant, link, open, person, revoke, wallet};
use crate::wallet::{OwnCase, Wallet};

const FIELDS: [&str; 3] = ["certificate.type", "certificate.grade", "certificate.status"];
const FOREVER_S: u64 = 4_000_000_000;

/// Everything that runs.
struct World {
    root: TempDir,
    rpc: std::net::SocketAddr,
    node: Option<Process>,
    proxy: Proxy,
    collector: Collector,
    chain: Chain,
    police: Agency,
    civil: Agency,
    federation: Agency,
    civil_session: Vec<(String, String)>,
    federation_session: Vec<(String, String)>,
}

fn start_node(root: &TempDir, rpc: std::net::SocketAddr) -> Process {
    let data = root.path().join("chain");
    let arguments = [
        "dev",
        "--chain-only",
        "--data",
        data.to_str().unwrap(),
        "--rpc",
        &rpc.to_string(),
    ];
    let mut node = Process::start(&arguments);
    node.wait_for("ready");
    node
}

/// Rows of the agencies' databases: two residents, each with a certificate and a household.
fn rows(slug: &str) -> String {
    let mut rows = String::new();
    for (serial, kind, grade) in [(1, "physical", 2), (2, "mental", 3)] {
        let (number, code) = person(serial);
        rows.push_str(&match slug {
            "public-security" => format!(
                "INSERT INTO person VALUES ('{number}', '示例甲', '男', '1960-01-01', 'synthetic');\
                 INSERT INTO household VALUES ('H{serial}', '990101', 'x', '家庭户');\
                 INSERT INTO registration VALUES ('{number}', 'H{serial}', '户主', 'registered', '2000-01-01');\
                 INSERT INTO pickup_code VALUES ('{number}', '{code}');"
            ),
            "disabled-federation" => format!(
                "INSERT INTO certificate VALUES ('C{serial}', '{number}', '示例甲', '{kind}', {grade}, 'valid', \
                 '2020-01-01', '2099-01-01', 'synthetic');"
            ),
            _ => String::new(),
        });
    }
    rows
}

impl World {
    async fn new(databases: &Databases) -> Self {
        let root = tempfile::tempdir().unwrap();
        let rpc = crate::processes::ports(1)[0];
        let node = start_node(&root, rpc);
        let chain = Chain::connect(&format!("http://{rpc}"), &root.path().join("chain")).await;
        let proxy = Proxy::start(rpc).await;
        let collector = Collector::start().await;
        let key = chain.client.network().unwrap().public_key.to_string();
        let direct = format!("http://{rpc}");
        let setup = |rpc| Setup {
            root: root.path(),
            rpc,
            network_key: &key,
            databases,
            otlp: &collector.url,
        };
        let police = Agency::prepare("public-security", &setup(&direct), &rows("public-security")).await;
        let civil = Agency::prepare("civil-affairs", &setup(&direct), "").await;
        // The provider that is lied to about the chain is reached through the proxy.
        let federation = Agency::prepare(
            "disabled-federation",
            &setup(&proxy.url),
            &rows("disabled-federation"),
        )
        .await;
        for (agency, roles) in [
            (&police, PROVIDER | IDENTITY | ISSUER),
            (&civil, PROVIDER | DECIDER | ISSUER),
            (&federation, PROVIDER),
        ] {
            chain
                .list(agency.slug, roles, &agency.public(), &agency.url)
                .await;
            chain.appoint(agency.officer.address(), agency.slug).await;
        }
        let human = zhengtong_gateway::PublicKeys {
            attester: alloy_primitives::Address::repeat_byte(9),
            encryption: B256::repeat_byte(9),
            issuer: police.public().issuer,
        };
        chain
            .list("human-resources", PROVIDER, &human, "http://127.0.0.1:1")
            .await;
        chain.publish(crate::resident::SERVICE).await;
        let mut world = Self {
            root,
            rpc,
            node: Some(node),
            proxy,
            collector,
            chain,
            police,
            civil,
            federation,
            civil_session: Vec::new(),
            federation_session: Vec::new(),
        };
        for agency in [&mut world.police, &mut world.civil, &mut world.federation] {
            agency.start();
        }
        world.followed().await;
        world.civil_session = world.civil.sign_in().await;
        world.federation_session = world.federation.sign_in().await;
        world
    }

    /// Waits until every gateway has seen what is final now.
    async fn followed(&self) {
        let block = self.chain.client.block_number().await.unwrap();
        for agency in [&self.police, &self.civil, &self.federation] {
            agency.follow_to(block).await;
        }
    }

    /// A case of a resident, linked to both providers, with a consent that gives the record to the owner.
    async fn case(&self, wallet: &Wallet, seed: u64, until_s: u64) -> (OwnCase, B256) {
        let case = open(&self.chain, wallet, seed).await;
        let (id, record) = consent_to(&case, "disabled-federation", "civil-affairs", until_s);
        grant(&self.chain, &case, &record, "disabled-federation", until_s).await;
        link(wallet, &case, &self.police, None).await;
        link(wallet, &case, &self.federation, Some(record)).await;
        self.answered(&case).await;
        (case, id)
    }

    /// Waits until both providers have answered what the rules ask.
    async fn answered(&self, case: &OwnCase) {
        for _ in 0..600 {
            let uses = [
                self.chain.uses("public-security").await,
                self.chain.uses("disabled-federation").await,
            ];
            if uses
                .iter()
                .all(|uses| uses.iter().any(|used| used.caseId == case.id))
            {
                return self.followed().await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the predicates were not answered");
    }

    fn wish(&self, provider: &Agency, record: &str) -> Value {
        json!({ "requestId": fresh(), "provider": provider.slug, "record": record })
    }

    async fn uses_of(&self, case: &OwnCase) -> usize {
        let uses = self.chain.uses("disabled-federation").await;
        uses.iter().filter(|used| used.caseId == case.id).count()
    }

    /// A request that the provider must refuse for this reason: nothing is released, nothing goes on record, and the
    /// operator sees the attempt.
    async fn refused(&self, case: &OwnCase, expected: &str, letter: Letter) {
        let (uses, attempts) = (
            self.uses_of(case).await,
            self.federation.attempts(&self.federation_session).await,
        );
        let answer = deliver(&self.federation, letter).await;
        assert_eq!(answer.reason(), expected, "{}", answer.text);
        let now = self.federation.attempts(&self.federation_session).await;
        assert_eq!(now.len(), attempts.len() + 1, "{expected}: not recorded");
        assert_eq!((now[0].0.as_str(), now[0].2.as_str()), ("in", expected));
        assert_eq!(self.uses_of(case).await, uses, "{expected}: a use went on record");
    }
}

/// What a person reads of use `n`, with the secret that only they have.
fn details(secret: [u8; 32], n: u32, ciphertext: &[u8]) -> Value {
    use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
    use hmac::Mac as _;
    let derived = |purpose: &[u8]| -> [u8; 32] {
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&secret).unwrap();
        mac.update(purpose);
        mac.update(&n.to_be_bytes());
        mac.finalize().into_bytes().into()
    };
    let (key, tag) = (derived(b"key"), derived(b"tag"));
    let payload = Payload {
        msg: ciphertext,
        aad: &tag,
    };
    let plain = aes_gcm::Aes256Gcm::new((&key).into())
        .decrypt(&[0; 12].into(), payload)
        .unwrap();
    serde_json::from_slice(&plain).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_go_from_gateway_to_gateway_and_nowhere_else() {
    let databases = Databases::postgres().unwrap_or(Databases::Sqlite);
    let mut world = World::new(&databases).await;
    let (first, second) = (wallet(&world.police, 1).await, wallet(&world.police, 2).await);
    let (case, consent) = world.case(&first, 1, FOREVER_S).await;
    let (other_case, other_consent) = world.case(&second, 2, FOREVER_S).await;

    with_consent(&world, &case).await;
    on_a_statute(&world, &case).await;
    refused_before_asking(&world, &case).await;
    without_a_basis(&world, &first, &case).await;
    lies(&world, &case, consent, &other_case, other_consent).await;
    changed_messages(&world, &case, consent).await;
    strangers(&world, &case, consent).await;
    revoked_and_expired(&world, &first, &second).await;
    for_one_use(&world, &first).await;
    not_final(&world, &other_case).await;
    crashed(&mut world, &other_case).await;
    unreachable(&mut world, &other_case).await;
    complete(&world, &other_case).await;
    traced(&world, &[&case, &other_case]).await;
    backed_up(&mut world, &databases).await;
}

/// A gateway's books are backed up while it works, lost, and restored, by the commands of the handbook. On PostgreSQL the
/// operator is sent to its tools, and deletions are carried out again all the same.
async fn backed_up(world: &mut World, databases: &Databases) {
    let folder = world.root.path().join("backup");
    let (keys, deletions) = (folder.with_extension("keys"), folder.with_extension("deletions"));
    let backup = ["backup", "--to", text(&folder), "--keys-to", text(&keys)];
    let record = ["deletions", "--to", text(&deletions)];
    if let Databases::Postgres(_) = databases {
        let said = world.federation.command(&record).expect("written");
        assert!(said.contains("0 deletions"), "{said}");
        let said = world.federation.command(&backup).expect_err("not of PostgreSQL");
        assert!(said.contains("pg_dump"), "{said}");
        let apply = ["deletions", "--apply", text(&deletions)];
        let said = world.federation.command(&apply).expect("carried out");
        assert!(said.contains("0 deletions"), "{said}");
    }
    let said = world.police.command(&record).expect("written");
    assert!(said.contains("0 deletions"), "{said}");
    let said = world.police.command(&backup).expect("it is backed up");
    assert!(said.contains("of         public-security"), "{said}");
    world.police.kill();
    std::fs::remove_dir_all(world.root.path().join("public-security/data")).unwrap();
    let mut restore = vec!["restore", "--from", text(&folder), "--keys", text(&keys)];
    restore.extend(["--deletions", text(&deletions)]);
    let said = world.police.command(&restore).expect("it is restored");
    assert!(said.contains("restored; start the gateway"), "{said}");
    world.police.start();
    world.followed().await;
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().expect("test folders have plain names")
}

/// What was decrypted is the provider's record; the person sees the use; the same request again is the same answer.
async fn with_consent(world: &World, case: &OwnCase) {
    let id = case.id.to_string();
    let wish = world.wish(&world.federation, "certificate");
    let answer = world.civil.ask(&world.civil_session, &id, &wish).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let received = answer.json();
    let record =
        json!([{ "certificate.type": "physical", "certificate.grade": 2, "certificate.status": "valid" }]);
    assert_eq!(received["rows"], record);

    let uses = world.chain.uses("disabled-federation").await;
    let used = uses
        .iter()
        .find(|used| used.tag.to_string() == received["useTag"])
        .expect("on record");
    assert_eq!(
        used.tag,
        case.tag("disabled-federation", 1),
        "the next tag that the person looks for"
    );
    assert_eq!(
        (
            used.caseId,
            zhengtong_bindings::slug_str(used.consumer).unwrap().as_str()
        ),
        (case.id, "civil-affairs")
    );
    let seen = details(case.use_secret("disabled-federation"), 1, &used.ciphertext);
    assert_eq!(seen["fields"], json!(FIELDS));
    assert!(
        seen["official"]
            .as_str()
            .unwrap()
            .starts_with("civil-affairs/officer-"),
        "{seen}"
    );

    let again = world.civil.ask(&world.civil_session, &id, &wish).await;
    assert_eq!(again.text, answer.text);
    assert_eq!(
        world.uses_of(case).await,
        2,
        "one to answer the question, one for the record"
    );

    // A part of the fields is a request too.
    let mut part = world.wish(&world.federation, "certificate");
    part["fields"] = json!(["certificate.grade"]);
    let answer = world.civil.ask(&world.civil_session, &id, &part).await;
    assert_eq!(
        answer.json()["rows"],
        json!([{ "certificate.grade": 2 }]),
        "{}",
        answer.text
    );
}

async fn on_a_statute(world: &World, case: &OwnCase) {
    let wish = world.wish(&world.police, "household");
    let answer = world
        .civil
        .ask(&world.civil_session, &case.id.to_string(), &wish)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let record = json!([{ "household.region": "990101", "household.status": "registered" }]);
    assert_eq!(answer.json()["rows"], record);
}

/// The asking gateway itself refuses what its service does not declare, and asks nobody.
async fn refused_before_asking(world: &World, case: &OwnCase) {
    let before = world.federation.attempts(&world.federation_session).await.len();
    for (provider, record, fields, reason) in [
        (
            "disabled-federation",
            "certificate",
            json!(["certificate.grade", "certificate.name"]),
            "too-many-fields",
        ),
        ("disabled-federation", "person", json!([]), "unknown-record"),
        ("health", "certificate", json!([]), "unknown-record"),
        (
            "disabled-federation",
            "certificate",
            json!(["certificate.grade", "certificate.grade"]),
            "invalid",
        ),
    ] {
        let wish = json!({ "requestId": fresh(), "provider": provider, "record": record, "fields": fields });
        let answer = world
            .civil
            .ask(&world.civil_session, &case.id.to_string(), &wish)
            .await;
        assert_eq!(answer.reason(), reason, "{}", answer.text);
        let attempts = world.civil.attempts(&world.civil_session).await;
        assert_eq!((attempts[0].0.as_str(), attempts[0].2.as_str()), ("out", reason));
    }
    let unknown = B256::repeat_byte(7).to_string();
    let wish = world.wish(&world.federation, "certificate");
    assert_eq!(
        world
            .civil
            .ask(&world.civil_session, &unknown, &wish)
            .await
            .reason(),
        "not-found"
    );
    assert_eq!(
        world.civil.ask(&[], &case.id.to_string(), &wish).await.status,
        401
    );
    assert_eq!(
        world.federation.attempts(&world.federation_session).await.len(),
        before,
        "somebody was asked"
    );
}

async fn without_a_basis(world: &World, wallet: &Wallet, consenting: &OwnCase) {
    let case = open(&world.chain, wallet, 10).await;
    link(wallet, &case, &world.police, None).await;
    link(wallet, &case, &world.federation, None).await;
    world.followed().await;
    let wish = world.wish(&world.federation, "certificate");
    let answer = world
        .civil
        .ask(&world.civil_session, &case.id.to_string(), &wish)
        .await;
    assert_eq!(answer.reason(), "no-consent", "{}", answer.text);

    let liar = Liar::inside(&world.civil);
    let made_up = json!({ "kind": "consent", "id": B256::repeat_byte(3) });
    let letter = liar.letter(
        &world.federation,
        &request(
            "civil-affairs",
            &world.federation,
            case.id,
            "certificate",
            &FIELDS,
            made_up,
        ),
    );
    world.refused(&case, "no-consent", letter).await;
    let statute = json!({ "kind": "statute", "id": statute_id("国发〔2015〕52号", "三（一）") });
    let body = request(
        "civil-affairs",
        &world.federation,
        consenting.id,
        "certificate",
        &FIELDS,
        statute,
    );
    world
        .refused(consenting, "wrong-basis", liar.letter(&world.federation, &body))
        .await;

    // A consent to answer the question is none to give the record away.
    let (_, record) =
        crate::wallet::consent(&case, "disabled-federation", crate::resident::SERVICE, FOREVER_S);
    grant(&world.chain, &case, &record, "disabled-federation", FOREVER_S).await;
    link(wallet, &case, &world.federation, Some(record)).await;
    world.answered(&case).await;
    let answer = world
        .civil
        .ask(&world.civil_session, &case.id.to_string(), &wish)
        .await;
    assert_eq!(answer.reason(), "other-consent", "{}", answer.text);
}

/// A consumer with an agency's keys, and a program of its own.
async fn lies(world: &World, case: &OwnCase, consent: B256, other: &OwnCase, other_consent: B256) {
    let (liar, to) = (Liar::inside(&world.civil), &world.federation);
    let basis = |id: B256| json!({ "kind": "consent", "id": id });
    let good = request(
        "civil-affairs",
        to,
        case.id,
        "certificate",
        &FIELDS,
        basis(consent),
    );
    let changed = |member: &str, value: Value| {
        let mut body = good.clone();
        body[member] = value;
        body["id"] = json!(fresh());
        body
    };
    for (member, value, reason) in [
        (
            "fields",
            json!(["certificate.grade", "certificate.name"]),
            "too-many-fields",
        ),
        ("fields", json!(["certificate.certificate_no"]), "too-many-fields"),
        ("fields", json!([]), "invalid"),
        ("record", json!("person"), "unknown-record"),
        ("basis", basis(other_consent), "no-consent"),
        ("caseId", json!(other.id), "no-consent"),
        ("caseId", json!(B256::repeat_byte(5)), "unknown-case"),
        ("service", json!("old-age-allowance"), "other-purpose"),
        ("version", json!(2), "other-purpose"),
        ("consumer", json!("public-security"), "wrong-key"),
        ("provider", json!("public-security"), "not-for-us"),
        (
            "officer",
            json!(world.federation.officer.address()),
            "not-an-officer",
        ),
        ("useTag", json!(B256::repeat_byte(6)), "invalid"),
        ("finalizedUse", json!({ "block": 1 }), "invalid"),
        ("v", json!(2), "invalid"),
    ] {
        world
            .refused(case, reason, liar.letter(to, &changed(member, value)))
            .await;
    }
    // Another agency asks about a case that is not its own.
    let police = Liar::inside(&world.police);
    let body = request(
        "public-security",
        to,
        case.id,
        "certificate",
        &FIELDS,
        basis(consent),
    );
    world
        .refused(case, "not-the-owner", police.letter(to, &body))
        .await;
    // The same id with another content.
    let first = changed("fields", json!(["certificate.grade"]));
    assert_eq!(liar.ask(to, &first).await.status, 200);
    let mut second = first.clone();
    second["fields"] = json!(["certificate.type"]);
    world
        .refused(case, "request-differs", liar.letter(to, &second))
        .await;
}

async fn changed_messages(world: &World, case: &OwnCase, consent: B256) {
    let (liar, to) = (Liar::inside(&world.civil), &world.federation);
    let basis = json!({ "kind": "consent", "id": consent });
    let body = || {
        request(
            "civil-affairs",
            to,
            case.id,
            "certificate",
            &FIELDS,
            basis.clone(),
        )
    };

    let letter = liar.letter(to, &body());
    assert_eq!(deliver(to, letter.clone()).await.status, 200);
    world.refused(case, "replayed", letter).await;

    let fresh_letter = || liar.letter(to, &body());
    let mut letter = fresh_letter();
    letter.body = String::from_utf8(letter.body)
        .unwrap()
        .replace("certificate.type", "certificate.name")
        .into_bytes();
    world.refused(case, "wrong-digest", letter.clone()).await;
    let digest = zhengtong_gateway::signatures::content_digest(&letter.body);
    world
        .refused(
            case,
            "wrong-signature",
            letter.set("content-digest", |_| digest.clone()),
        )
        .await;
    let letter = fresh_letter().set("content-type", |_| "application/json; charset=utf-8".into());
    world.refused(case, "wrong-signature", letter).await;
    let letter = fresh_letter().set("signature", |value| value.replacen("=:", "=:AAAA", 1));
    world.refused(case, "wrong-signature", letter).await;
    let later = |value: &str| value.replace(";expires=", ";expires=1");
    world
        .refused(
            case,
            "wrong-signature",
            fresh_letter().set("signature-input", later),
        )
        .await;
    let less = |value: &str| value.replace("\"content-digest\" ", "");
    world
        .refused(case, "unsigned", fresh_letter().set("signature-input", less))
        .await;
    let mut letter = fresh_letter();
    letter.headers.retain(|(name, _)| !name.starts_with("signature"));
    world.refused(case, "unsigned", letter).await;

    let now_s = jiff::Timestamp::now().as_second();
    world
        .refused(
            case,
            "stale",
            liar.letter_at(to, &body(), now_s - 120, now_s - 60),
        )
        .await;
    world
        .refused(
            case,
            "stale",
            liar.letter_at(to, &body(), now_s + 600, now_s + 660),
        )
        .await;
    world
        .refused(case, "stale", liar.letter_at(to, &body(), now_s, now_s + 3600))
        .await;
}

async fn strangers(world: &World, case: &OwnCase, consent: B256) {
    let (to, basis) = (&world.federation, json!({ "kind": "consent", "id": consent }));
    let unlisted = Liar::outside("nobody");
    let body = request("nobody", to, case.id, "certificate", &FIELDS, basis.clone());
    world
        .refused(case, "unknown-consumer", unlisted.letter(to, &body))
        .await;
    // The name of an agency, without its attester's word for the key.
    let impostor = Liar::outside("civil-affairs");
    let body = request("civil-affairs", to, case.id, "certificate", &FIELDS, basis);
    world.refused(case, "wrong-key", impostor.letter(to, &body)).await;
}

async fn revoked_and_expired(world: &World, first: &Wallet, second: &Wallet) {
    let (case, consent) = world.case(first, 20, FOREVER_S).await;
    revoke(&world.chain, &case, consent).await;
    world.followed().await;
    let wish = world.wish(&world.federation, "certificate");
    let answer = world
        .civil
        .ask(&world.civil_session, &case.id.to_string(), &wish)
        .await;
    assert_eq!(answer.reason(), "consent-revoked", "{}", answer.text);
    let liar = Liar::inside(&world.civil);
    let basis = json!({ "kind": "consent", "id": consent });
    let body = request(
        "civil-affairs",
        &world.federation,
        case.id,
        "certificate",
        &FIELDS,
        basis,
    );
    world
        .refused(&case, "consent-revoked", liar.letter(&world.federation, &body))
        .await;

    let case = open(&world.chain, second, 21).await;
    let until_s = jiff::Timestamp::now().as_second() as u64 + 15;
    let (consent, record) = consent_to(&case, "disabled-federation", "civil-affairs", until_s);
    grant(&world.chain, &case, &record, "disabled-federation", until_s).await;
    link(second, &case, &world.federation, Some(record)).await;
    world.followed().await;
    while (jiff::Timestamp::now().as_second() as u64) < until_s {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let answer = world
        .civil
        .ask(&world.civil_session, &case.id.to_string(), &wish)
        .await;
    assert_eq!(answer.reason(), "consent-expired", "{}", answer.text);
    let basis = json!({ "kind": "consent", "id": consent });
    let body = request(
        "civil-affairs",
        &world.federation,
        case.id,
        "certificate",
        &FIELDS,
        basis,
    );
    world
        .refused(&case, "consent-expired", liar.letter(&world.federation, &body))
        .await;
}

/// A consent for one use: asked for twice at the same moment it gives once; the same request again is the same answer.
async fn for_one_use(world: &World, wallet: &Wallet) {
    let (case, standing) = world.case(wallet, 22, FOREVER_S).await;
    revoke(&world.chain, &case, standing).await;
    let (_, mut record) = consent_to(&case, "disabled-federation", "civil-affairs", FOREVER_S);
    record["use"] = "once".into();
    let consent = zhengtong_gateway::app::link::consent_id(&record);
    grant(&world.chain, &case, &record, "disabled-federation", FOREVER_S).await;
    link(wallet, &case, &world.federation, Some(record)).await;
    world.followed().await;

    let liar = Liar::inside(&world.civil);
    let basis = json!({ "kind": "consent", "id": consent });
    let body = || {
        request(
            "civil-affairs",
            &world.federation,
            case.id,
            "certificate",
            &FIELDS,
            basis.clone(),
        )
    };
    let (one, two) = (body(), body());
    let uses = world.uses_of(&case).await;
    let (first, second) = tokio::join!(
        liar.ask(&world.federation, &one),
        liar.ask(&world.federation, &two)
    );
    let (given, refused, body_given) = match first.status {
        200 => (first, second, one),
        _ => (second, first, two),
    };
    assert_eq!(given.status, 200, "{}", given.text);
    assert_eq!(refused.reason(), "consent-used-up", "{}", refused.text);
    assert_eq!(world.uses_of(&case).await, uses + 1);
    world.followed().await;
    let again = liar.ask(&world.federation, &body_given).await;
    assert_eq!((again.status, &again.text), (200, &given.text));
    world
        .refused(&case, "consent-used-up", liar.letter(&world.federation, &body()))
        .await;
}

/// Without finality, or with one that is not proven, nothing is given; afterwards the same request is answered.
async fn not_final(world: &World, case: &OwnCase) {
    let id = case.id.to_string();
    for mode in [Mode::NeverFinal, Mode::Forged] {
        let uses = world.uses_of(case).await;
        let wish = world.wish(&world.federation, "certificate");
        world.proxy.set(mode);
        let answer = world.civil.ask(&world.civil_session, &id, &wish).await;
        let reason = answer.reason();
        assert!(
            ["use-not-final", "peer-unreachable"].contains(&reason.as_str()),
            "{mode:?}: {}",
            answer.text
        );
        let attempts = world.federation.attempts(&world.federation_session).await;
        assert_eq!(
            (attempts[0].0.as_str(), attempts[0].2.as_str()),
            ("in", "use-not-final"),
            "{mode:?}"
        );
        world.proxy.set(Mode::Pass);
        let answer = until_answered(world, &id, &wish).await;
        assert_eq!(answer["rows"][0]["certificate.type"], "mental");
        assert_eq!(
            world.uses_of(case).await,
            uses + 1,
            "{mode:?}: one use record for one request"
        );
    }
}

async fn until_answered(world: &World, case: &str, wish: &Value) -> Value {
    for _ in 0..30 {
        let answer = world.civil.ask(&world.civil_session, case, wish).await;
        if answer.status == 200 {
            return answer.json();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("not answered");
}

/// The provider is killed while a use record waits to be final, and continues where it was.
async fn crashed(world: &mut World, case: &OwnCase) {
    let uses = world.uses_of(case).await;
    let wish = world.wish(&world.federation, "certificate");
    world.proxy.set(Mode::NeverFinal);
    let id = case.id.to_string();
    let asked = world.civil.ask(&world.civil_session, &id, &wish);
    let stopped = tokio::time::timeout(Duration::from_secs(2), asked).await;
    assert!(stopped.is_err(), "answered without finality");
    world.federation.kill();
    world.proxy.set(Mode::Pass);
    world.federation.start();
    world.followed().await;
    let answer = until_answered(world, &id, &wish).await;
    assert_eq!(answer["rows"][0]["certificate.grade"], 3);
    assert_eq!(
        world.uses_of(case).await,
        uses + 1,
        "one use record for one request"
    );
}

/// Without a node nothing is given; with it again, the same request is answered.
async fn unreachable(world: &mut World, case: &OwnCase) {
    let id = case.id.to_string();
    let uses = world.uses_of(case).await;
    let wish = world.wish(&world.federation, "certificate");
    world.node.take().unwrap().terminate();
    let answer = world.civil.ask(&world.civil_session, &id, &wish).await;
    let reason = answer.reason();
    assert!(
        ["chain-unreachable", "peer-unreachable"].contains(&reason.as_str()),
        "{}",
        answer.text
    );
    let attempts = world.federation.attempts(&world.federation_session).await;
    assert_eq!(
        (attempts[0].0.as_str(), attempts[0].2.as_str()),
        ("in", "chain-unreachable")
    );
    world.node = Some(start_node(&world.root, world.rpc));
    let answer = until_answered(world, &id, &wish).await;
    assert_eq!(answer["rows"][0]["certificate.type"], "mental");
    assert_eq!(
        world.uses_of(case).await,
        uses + 1,
        "one use record for one request"
    );
}

/// After all this, the person finds every use: their tags are there one after another, and then none.
async fn complete(world: &World, case: &OwnCase) {
    let uses = world.chain.uses("disabled-federation").await;
    let mut tags: Vec<_> = uses
        .iter()
        .filter(|used| used.caseId == case.id)
        .map(|used| used.tag)
        .collect();
    let mut expected: Vec<_> = (0..tags.len())
        .map(|n| case.tag("disabled-federation", u32::try_from(n).unwrap()))
        .collect();
    tags.sort();
    expected.sort();
    assert_eq!(tags, expected);
    assert_eq!(tags.len(), 5, "one to answer the question, four records");
}

/// The traces of the gateways have their steps, and nobody in them.
async fn traced(world: &World, cases: &[&OwnCase]) {
    const NAMES: [&str; 6] = [
        "exchange.ask",
        "exchange.send",
        "exchange.provide",
        "use.final",
        "record.read",
        "transaction.final",
    ];
    let collector = &world.collector;
    collector.wait_for(&NAMES[..5]).await;
    collector.says_only(&NAMES, &[]);
    for serial in [1, 2] {
        let (number, code) = person(serial);
        collector.lacks(&[number.as_bytes(), code.as_bytes()]);
    }
    collector.lacks(&["示例甲".as_bytes(), b"mental", b"household"]);
    for case in cases {
        collector.lacks(&[case.id.as_slice(), format!("{:x}", case.id).as_bytes()]);
    }
}
