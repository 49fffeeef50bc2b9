//! A held credential in place of an agency's records: it answers when everything about it is right, and otherwise the
//! agency answers from its own records and says why.

use alloy_primitives::B256;
use alloy_sol_types::SolEvent;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zhengtong_bindings::cases::Cases::{appealCall, factsCall, refuseCall};
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_bindings::{UNKNOWN, addresses, parse_slug, slug, statute_id};
use zhengtong_credentials::{
    Certificate, CredentialText, Issuer, Jwk, NewCredential, Presentation, StatusEntry, present,
};
use zhengtong_gateway::app::use_record::{self, Details};
use zhengtong_vault::Secret;

use crate::wallet::{OwnCase, Wallet, jwk};
use crate::world::{Answer, NOW_S, OWNER, World, officer};

pub const POLICE: &str = "public-security";
pub const VCT: &str = "urn:zhengtong:credential:old-age-allowance:1";
pub const RELIEF: &str = "temporary-relief";
/// Place of `household-registered` in the rules of temporary relief.
pub const REGISTERED: usize = 1;
pub const DAY_S: u64 = 24 * 3600;

pub fn relief(seed: u64, wallet: &Wallet) -> OwnCase {
    OwnCase::new(seed, json!({ "cause": "illness" })).of(wallet)
}

/// A credential, and the case that it is of.
pub struct Held<'a> {
    pub text: CredentialText,
    pub of: &'a OwnCase,
}

/// What goes into a link; `None` for the right audience, nonce and claims.
#[derive(Default)]
pub struct Shown<'a> {
    pub audience: Option<&'a str>,
    pub nonce: Option<B256>,
    pub claims: Option<&'a [&'a str]>,
    pub at_s: Option<u64>,
    pub salt: Option<B256>,
}

pub fn show(held: &Held<'_>, case: &OwnCase, shown: &Shown<'_>) -> Value {
    let nonce = format!("{:#x}", shown.nonce.unwrap_or(case.id));
    let presentation = Presentation {
        disclose: shown.claims.unwrap_or(&["person", "decided_at"]),
        audience: shown.audience.unwrap_or(POLICE),
        nonce: &nonce,
        at_s: shown.at_s.unwrap_or(NOW_S),
    };
    let presentation = present(&held.text, &held.of.credential_key, &presentation).unwrap();
    let salt = shown.salt.unwrap_or(held.of.person_salt);
    json!({ "vct": VCT, "presentation": presentation, "personSalt": salt })
}

impl World {
    async fn link_with(&self, wallet: &Wallet, case: &OwnCase, evidence: Value) -> Answer {
        let mut rest = case.link_rest(wallet, POLICE, true, false, None, NOW_S);
        rest["evidence"] = evidence;
        let body = case.seal(&rest, POLICE, self.encryption(POLICE));
        self.post(POLICE, "/v1/links", &body).await
    }

    /// Applies for relief with this evidence for public security; what it answered, and what its use record says.
    async fn answered(&self, wallet: &Wallet, case: &OwnCase, evidence: Value) -> (i32, Details) {
        let answer = self.link_with(wallet, case, evidence).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        self.open_case(case, RELIEF);
        self.settle().await;
        let facts = self.chain.read(addresses().cases, &factsCall { id: case.id });
        let answered = self.on_chain(case).answered;
        assert_eq!(answered >> REGISTERED & 1, 1, "public security answered nothing");
        let uses: Vec<_> = self
            .chain
            .logs(addresses().uses)
            .iter()
            .map(|log| Used::decode_log(log).unwrap().data)
            .collect();
        let uses: Vec<_> = uses.into_iter().filter(|used| used.caseId == case.id).collect();
        let [used] = uses.as_slice() else {
            panic!("{} uses", uses.len());
        };
        assert_eq!((used.provider, used.tag), (slug(POLICE), case.tag(POLICE, 0)));
        let secret = Secret::new(case.use_secret(POLICE));
        let details = use_record::open(&secret, 0, &used.ciphertext).unwrap();
        (facts[REGISTERED], details)
    }

    pub async fn credential(&self, case: &OwnCase) -> CredentialText {
        let path = format!("/v1/cases/{:#x}/credential", case.id);
        let answer = self.as_case(case, "GET", &path, None).await;
        CredentialText::new(answer.json["credential"].as_str().expect(&answer.text).to_owned())
    }

    /// A credential by an agency's real key.
    pub fn issued(
        &self,
        organisation: &str,
        of: &OwnCase,
        change: impl FnOnce(&mut NewCredential),
    ) -> CredentialText {
        let file = self.folder.path().join(organisation).join("keys/issuer.key");
        let key = std::fs::read_to_string(file).unwrap();
        let key = hex::decode(key.trim().trim_start_matches("0x"))
            .unwrap()
            .try_into()
            .unwrap();
        let pem = std::fs::read_to_string(self.folder.path().join(format!("{organisation}.pem"))).unwrap();
        let issuer = Issuer::new(organisation, &key, String::new()).unwrap();
        let chain = Certificate::chain_from_pem(&pem).unwrap();
        let issuer = issuer.certified(&self.url(organisation), chain).unwrap();
        let person = format!("{:#x}", of.person_commitment());
        let claims =
            json!({ "person": person, "decided_at": NOW_S - DAY_S, "amount_fen": 7_500, "reason": "x" });
        let mut new = NewCredential {
            vct: VCT.into(),
            issued_at_s: NOW_S - DAY_S,
            expires_at_s: NOW_S + DAY_S,
            holder: Jwk::parse(&jwk(&of.credential_key), "holder").unwrap(),
            open: json!({ "service": "old-age-allowance" })
                .as_object()
                .unwrap()
                .clone(),
            disclosable: claims.as_object().unwrap().clone(),
            status: Some(StatusEntry {
                uri: format!("{}/v1/status", self.url(organisation)),
                index: 0,
            }),
        };
        change(&mut new);
        issuer.issue(new).unwrap()
    }
}

/// A world in which somebody of 70 has the allowance's credential, and the issuer can be asked for its status list.
async fn with_allowance() -> (World, Wallet, OwnCase) {
    let world = World::serving(OWNER).await;
    let wallet = world.wallet("approved-70").await;
    let case = world.apply(&wallet, 1, "old-age-allowance").await;
    (world, wallet, case)
}

#[tokio::test]
async fn a_held_credential_answers_and_the_record_says_so() {
    let (world, wallet, allowance) = with_allowance().await;
    let held = Held {
        text: world.credential(&allowance).await,
        of: &allowance,
    };
    let case = relief(2, &wallet);
    let (answer, details) = world
        .answered(&wallet, &case, json!([show(&held, &case, &Shown::default())]))
        .await;
    assert_eq!(answer, 1);
    assert_eq!(details.fields, ["credential.decided_at"]);
    let credential = details.credential.unwrap();
    assert_eq!((credential.vct.as_str(), credential.refused), (VCT, None));

    // The register knows nothing of this one: only the credential can have answered.
    let unknown = world.wallet("household-missing").await;
    let of = OwnCase::new(3, json!({})).of(&unknown);
    let held = Held {
        text: world.issued(OWNER, &of, |_| {}),
        of: &of,
    };
    let case = relief(4, &unknown);
    let with = world
        .answered(&unknown, &case, json!([show(&held, &case, &Shown::default())]))
        .await;
    let case = relief(5, &unknown);
    let without = world.answered(&unknown, &case, json!([])).await;
    assert_eq!((with.0, without.0), (1, UNKNOWN));
    assert_eq!(without.1.fields, ["household.region", "household.status"]);
    assert!(without.1.credential.is_none());
}

#[tokio::test]
async fn whatever_is_wrong_the_register_answers_and_the_record_says_why() {
    let (world, wallet, allowance) = with_allowance().await;
    let other = world.wallet("household-missing").await;
    let others = OwnCase::new(2, json!({})).of(&other);
    let genuine = world.credential(&allowance).await;
    let altered = altered(&genuine);
    let day = |days: u64| {
        move |new: &mut NewCredential| new.disclosable["decided_at"] = (NOW_S - days * DAY_S).into()
    };
    let crafted: Vec<(&str, CredentialText, &OwnCase)> = vec![
        (
            "expired",
            world.issued(OWNER, &allowance, |new| new.expires_at_s = NOW_S - 1),
            &allowance,
        ),
        ("unsettled", world.issued(OWNER, &allowance, day(184)), &allowance),
        ("other-person", world.issued(OWNER, &others, |_| {}), &others),
        (
            "type",
            world.issued("human-resources", &allowance, |_| {}),
            &allowance,
        ),
        (
            "status",
            world.issued(OWNER, &allowance, |new| new.status = None),
            &allowance,
        ),
        (
            "unreadable",
            world.issued(OWNER, &allowance, |new| new.vct = "urn:example:1".into()),
            &allowance,
        ),
        (
            "other-person",
            world.issued(OWNER, &allowance, |new| drop(new.disclosable.remove("person"))),
            &allowance,
        ),
        ("altered", altered, &allowance),
    ];
    let mut seed = 10;
    let mut refused = async |wallet: &Wallet, held: Held<'_>, shown: Shown<'_>, code: &str| {
        seed += 1;
        let case = relief(seed, wallet);
        let (answer, details) = world
            .answered(wallet, &case, json!([show(&held, &case, &shown)]))
            .await;
        let credential = details.credential.expect(code);
        assert_eq!(credential.refused.as_deref(), Some(code));
        assert_eq!(details.fields, ["household.region", "household.status"], "{code}");
        answer
    };
    for (code, text, of) in crafted {
        let answer = refused(&wallet, Held { text, of }, Shown::default(), code).await;
        assert_eq!(answer, 1, "{code}: what the register says");
    }
    let held = || Held {
        text: CredentialText::new(genuine.expose().to_owned()),
        of: &allowance,
    };
    // Somebody else's, in the hands of one whom the register does not know: never a yes.
    let answer = refused(&other, held(), Shown::default(), "other-person").await;
    assert_eq!(answer, UNKNOWN);
    let own = |shown: Shown<'static>, code: &'static str| (shown, code);
    for (shown, code) in [
        own(
            Shown {
                audience: Some("health"),
                ..Shown::default()
            },
            "binding",
        ),
        own(
            Shown {
                nonce: Some(B256::repeat_byte(9)),
                ..Shown::default()
            },
            "binding",
        ),
        own(
            Shown {
                at_s: Some(NOW_S - 2 * DAY_S),
                ..Shown::default()
            },
            "binding",
        ),
        own(
            Shown {
                claims: Some(&["person"]),
                ..Shown::default()
            },
            "undisclosed",
        ),
        own(
            Shown {
                claims: Some(&["person", "decided_at", "amount_fen"]),
                ..Shown::default()
            },
            "too-much",
        ),
        own(
            Shown {
                salt: Some(B256::repeat_byte(7)),
                ..Shown::default()
            },
            "other-person",
        ),
    ] {
        assert_eq!(refused(&wallet, held(), shown, code).await, 1);
    }

    // An appeal suspends it, and what is decided then revokes it.
    let path = format!("/v1/cases/{:#x}/appeal", allowance.id);
    let body = json!({ "text": "金额不对", "salt": B256::repeat_byte(9) });
    let answer = world.as_case(&allowance, "POST", &path, Some(body)).await;
    let statement = answer.json["hash"].as_str().expect(&answer.text).parse().unwrap();
    let id = allowance.id;
    world
        .chain
        .submit(&allowance.key, addresses().cases, &appealCall { id, statement });
    world.settle().await;
    refused(&wallet, held(), Shown::default(), "suspended").await;
    let refusal = refuseCall {
        id,
        row: 2,
        reason: parse_slug("already-receiving").unwrap(),
        statute: statute_id("中华人民共和国个人信息保护法", "第三十四条"),
        statement: B256::repeat_byte(3),
    };
    world
        .chain
        .submit(&officer(OWNER, 1), addresses().cases, &refusal);
    world.settle().await;
    refused(&wallet, held(), Shown::default(), "revoked").await;
}

/// The same credential with another time of decision in its disclosure.
pub fn altered(text: &CredentialText) -> CredentialText {
    let parts = text.expose().split('~').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Array(mut disclosure)) if disclosure.get(1) == Some(&json!("decided_at")) => {
                disclosure[2] = (NOW_S - 5).into();
                URL_SAFE_NO_PAD.encode(Value::Array(disclosure).to_string())
            }
            _ => part.to_owned(),
        }
    });
    let altered = CredentialText::new(parts.collect::<Vec<_>>().join("~"));
    assert_ne!(altered.expose(), text.expose());
    altered
}

#[tokio::test]
async fn a_status_list_that_cannot_be_had_is_no_yes() {
    // Nobody listens at the issuer's address.
    let world = World::new().await;
    let wallet = world.wallet("household-missing").await;
    let of = OwnCase::new(1, json!({})).of(&wallet);
    let held = Held {
        text: world.issued(OWNER, &of, |_| {}),
        of: &of,
    };
    let case = relief(2, &wallet);
    let (answer, details) = world
        .answered(&wallet, &case, json!([show(&held, &case, &Shown::default())]))
        .await;
    assert_eq!(
        (answer, details.credential.unwrap().refused.as_deref()),
        (UNKNOWN, Some("status"))
    );
}

#[tokio::test]
async fn a_link_with_too_many_or_too_large_credentials_is_refused_and_keeps_what_was_first_shown() {
    let world = World::new().await;
    let wallet = world.wallet("approved-70").await;
    let case = relief(1, &wallet);
    let item = |vct: &str, size: usize| json!({ "vct": vct, "presentation": "x".repeat(size), "personSalt": B256::ZERO });
    let bad = [
        json!([
            item("a", 1),
            item("b", 1),
            item("c", 1),
            item("d", 1),
            item("e", 1)
        ]),
        json!([item("a", 1), item("a", 2)]),
        json!([item("", 1)]),
        json!([item(&"v".repeat(129), 1)]),
        json!([item("a", 16 * 1024 + 1)]),
    ];
    for evidence in bad {
        let answer = world.link_with(&wallet, &case, evidence).await;
        assert_eq!(
            (answer.status, answer.field()),
            (StatusCode::BAD_REQUEST, "evidence"),
            "{}",
            answer.text
        );
    }
    let mut more = item("a", 1);
    more["more"] = json!(1);
    let answer = world.link_with(&wallet, &case, json!([more])).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    // An owner alone has nothing to answer from it.
    let mut rest = case.link_rest(&wallet, OWNER, false, true, None, NOW_S);
    rest["evidence"] = json!([item("a", 1)]);
    let body = case.seal(&rest, OWNER, world.encryption(OWNER));
    let answer = world.post(OWNER, "/v1/links", &body).await;
    assert_eq!(
        (answer.status, answer.field()),
        (StatusCode::BAD_REQUEST, "evidence")
    );
    assert_eq!(
        world.link_with(&wallet, &case, json!([])).await.status,
        StatusCode::ACCEPTED
    );
    let (answer, details) = world.answered(&wallet, &case, json!([item(VCT, 1)])).await;
    assert_eq!(
        (answer, details.credential),
        (1, None),
        "what came later changes nothing"
    );
}

/// Applies, again and again, until a gateway is killed between the record of a use and the answer to a predicate of its;
/// answers that case.
pub async fn killed_between_record_and_answer(
    world: &World,
    organisation: &str,
    predicate: usize,
    mut applied: impl AsyncFnMut(u64) -> OwnCase,
) -> OwnCase {
    /// More requests to the chain than there are before the use is on record.
    const MOST_REQUESTS: u32 = 12;
    for requests in 0..MOST_REQUESTS {
        let case = applied(u64::from(requests) + 20).await;
        world.chain.stop_after(requests, true);
        world.app(organisation).follow().await.unwrap();
        let worked = world.app(organisation).work_once();
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), worked).await;
        world.chain.go_on();
        let logs = world.chain.logs(addresses().uses);
        let mut uses = logs.iter().map(|log| Used::decode_log(log).unwrap());
        let is_recorded = uses.any(|used| used.caseId == case.id && used.mask >> predicate & 1 == 1);
        if is_recorded && world.on_chain(&case).answered >> predicate & 1 == 0 {
            return case;
        }
        // What it still has to do would come first the next time.
        world.settle().await;
    }
    panic!("never killed between record and answer");
}

/// What is on record is what is done: the record says that a credential answers, the gateway is killed, and when it is back
/// the credential has ended. The register, which nobody was told of, is not looked into.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_ends_between_record_and_answer_answers_nothing() {
    let (world, wallet, allowance) = with_allowance().await;
    let case = killed_between_record_and_answer(&world, POLICE, REGISTERED, async |seed| {
        let case = relief(seed, &wallet);
        let held = Held {
            text: world.issued(OWNER, &allowance, |_| {}),
            of: &allowance,
        };
        let evidence = json!([show(&held, &case, &Shown::default())]);
        let answer = world.link_with(&wallet, &case, evidence).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        world.open_case(&case, RELIEF);
        case
    })
    .await;
    world.advance(std::time::Duration::from_secs(DAY_S + 60));
    world.settle().await;
    let facts = world.chain.read(addresses().cases, &factsCall { id: case.id });
    assert_eq!(world.on_chain(&case).answered >> REGISTERED & 1, 1);
    assert_eq!(facts[REGISTERED], UNKNOWN, "the register would have said yes");
}
