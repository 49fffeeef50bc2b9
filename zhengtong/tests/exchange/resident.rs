//! A resident, with a case that is linked to the agencies asked.

use alloy_primitives::{B256, keccak256};
use serde_json::{Value, json};
use zhengtong_bindings::cases::Cases::openCall;
use zhengtong_bindings::consents::Consents::{grantCall, revokeCall};
use zhengtong_bindings::{addresses, parse_slug};
use zhengtong_credentials::CredentialText;

use crate::agencies::Agency;
use crate::chain::Chain;
use crate::net::post;
use crate::wallet::{OwnCase, Wallet, consent};

pub const SERVICE: &str = "disability-living-subsidy";

/// A made-up number with a valid check digit, and the code that proves it.
pub fn person(serial: u32) -> (String, String) {
    let body = format!("99010119600101{serial:03}");
    let digits: [u8; 17] = body.as_bytes().try_into().unwrap();
    (
        format!("{body}{}", zhengtong_vault::check_digit(&digits)),
        format!("code{serial:04}"),
    )
}

/// A resident's wallet, with the identity credential that the agency gives for number and code.
pub async fn wallet(identity: &Agency, serial: u32) -> Wallet {
    let (number, code) = person(serial);
    let mut wallet = Wallet {
        number,
        code,
        name: String::new(),
        holder: keccak256(format!("holder {serial}")).0,
        identity: None,
    };
    let body = json!({ "number": wallet.number, "code": wallet.code, "holder": wallet.holder_jwk() });
    let answer = post(&format!("{}/v1/identity", identity.url), &[], &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    wallet.identity = Some(CredentialText::new(
        answer.json()["credential"].as_str().unwrap().to_owned(),
    ));
    wallet
}

/// Opens a case of the resident.
pub async fn open(chain: &Chain, wallet: &Wallet, seed: u64) -> OwnCase {
    let form = json!({ "payment_channel": "social-security-card", "contact_by": "portal" });
    let case = OwnCase::new(seed, form).of(wallet);
    let call = openCall {
        service: parse_slug(SERVICE).unwrap(),
        version: 1,
        form: case.commitment(),
    };
    chain.send(&case.key, addresses().cases, &call).await;
    case
}

/// Links a case to an agency that will be asked.
pub async fn link(wallet: &Wallet, case: &OwnCase, agency: &Agency, consent: Option<Value>) {
    let now_s = jiff::Timestamp::now().as_second() as u64;
    let rest = case.link_rest(wallet, agency.slug, true, false, consent, now_s);
    let body = case.seal(&rest, agency.slug, agency.public().encryption);
    let answer = post(&format!("{}/v1/links", agency.url), &[], &body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
}

/// The record of a consent to give a record to somebody, and its id.
pub fn consent_to(case: &OwnCase, provider: &str, recipient: &str, until_s: u64) -> (B256, Value) {
    let (_, mut record) = consent(case, provider, SERVICE, until_s);
    record["recipient"] = recipient.into();
    (zhengtong_gateway::app::link::consent_id(&record), record)
}

pub async fn grant(chain: &Chain, case: &OwnCase, record: &Value, provider: &str, until_s: u64) {
    let call = grantCall {
        id: zhengtong_gateway::app::link::consent_id(record),
        provider: parse_slug(provider).unwrap(),
        service: parse_slug(SERVICE).unwrap(),
        until: until_s,
        once: record["use"] == "once",
    };
    chain.send(&case.key, addresses().consents, &call).await;
}

pub async fn revoke(chain: &Chain, case: &OwnCase, id: B256) {
    chain
        .send(&case.key, addresses().consents, &revokeCall { id })
        .await;
}
