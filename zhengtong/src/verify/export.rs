//! What a resident exported: data, consents, uses and decisions, with their proofs, under the wallet's signature.
//!
//! The file is a JSON text, a newline, the signature of the text (ES256, base64url) and a newline: every byte but the
//! signature's own is signed, and a changed signature is none. The key that signed is the one that the identity credential
//! is bound to, and the key of each case says that it belongs to that one. `docs/my-data.md` has the format.

use super::{
    Lang,
    history::{Entry, History},
    key::Origin,
    words::pick,
};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use zhengtong_bindings::{addresses, parse_slug, use_binding, use_slot};
use zhengtong_credentials::{Jwk, Presented};
use zhengtong_gateway::app::link::{Form, canonical, case_commitment, recover};
use zhengtong_gateway::app::use_record;
use zhengtong_index::{bundle::Bundle, event::Event};
use zhengtong_types::{NetworkKey, StateProof};
use zhengtong_vault::Secret;

/// The format's name and version.
const FORMAT: &str = "zhengtong-export/1";
/// The most cases of one export.
const MAX_CASES: usize = 10_000;
/// The most uses of one provider in one case, as the wallet walks them.
const MAX_USES: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Export {
    format: String,
    created_at_ms: u64,
    network_key: NetworkKey,
    holder: Value,
    identity: Option<String>,
    cases: Vec<ExportedCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ExportedCase {
    id: B256,
    service: String,
    /// `null` in a wallet that was restored: what was answered stays with the agency.
    form: Option<Value>,
    salt: B256,
    person_commitment: B256,
    /// The case's key says whose it is.
    belongs: String,
    consents: Vec<ExportedConsent>,
    statements: Vec<Statement>,
    credential: Option<String>,
    uses: Vec<ExportedUses>,
    bundle: Bundle,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ExportedConsent {
    provider: String,
    id: B256,
    record: Value,
    state: StateProof,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Statement {
    hash: B256,
    text: String,
    salt: B256,
    at_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ExportedUses {
    provider: String,
    secret: B256,
    /// As the wallet shows them, in the order of their numbers.
    records: Vec<Option<Value>>,
    state: StateProof,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub what: What,
    /// Of which case, where it is of one.
    pub case_id: Option<B256>,
    pub ok: bool,
    pub detail: String,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    File,
    Signature,
    Network,
    Identity,
    Case,
    Owner,
    Form,
    Consents,
    Uses,
    Statements,
    Credential,
}

/// The whole report.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub network_key: String,
    pub verified: bool,
    pub cases: usize,
    pub uses: usize,
    pub lines: Vec<Line>,
}

impl Report {
    fn take<T>(
        &mut self,
        what: What,
        case_id: Option<B256>,
        result: Result<(T, String), String>,
    ) -> Option<T> {
        let (value, ok, detail) = match result {
            Ok((value, detail)) => (Some(value), true, detail),
            Err(why) => (None, false, why),
        };
        self.lines.push(Line {
            what,
            case_id,
            ok,
            detail,
        });
        value
    }
}

/// Checks an export. Pure: no clock, network or disk.
///
/// What was seen is said in `lang`; why something does not hold, in English alone.
pub fn check(bytes: &[u8], key: &NetworkKey, lang: Lang) -> Report {
    let mut report = Report {
        network_key: key.to_string(),
        verified: false,
        cases: 0,
        uses: 0,
        lines: Vec::new(),
    };
    if let Some((export, text, signature)) = report.take(What::File, None, open(bytes, lang))
        && let Some(holder) = report.take(What::Signature, None, signed(&export, text, signature))
    {
        report.take(What::Network, None, network(&export, key));
        report.take(What::Identity, None, identity(&export, &holder, lang));
        report.cases = export.cases.len();
        for case in &export.cases {
            check_case(case, &export, (&holder, key, lang), &mut report);
        }
    }
    report.verified = report.lines.iter().all(|line| line.ok);
    report
}

/// The text and its signature.
/// The export, the text that is signed, and the signature.
type Opened<'a> = (Export, &'a [u8], &'a str);

fn open(bytes: &[u8], lang: Lang) -> Result<(Opened<'_>, String), String> {
    let (text, signature) = part(bytes)?;
    let unit = pick(lang, "字节", "bytes");
    let detail = format!("{FORMAT}, {} {unit}", bytes.len());
    Ok(((read(text)?, text, signature), detail))
}

fn part(bytes: &[u8]) -> Result<(&[u8], &str), String> {
    let whole = bytes
        .strip_suffix(b"\n")
        .ok_or("the file does not end in a line")?;
    let at = whole
        .iter()
        .rposition(|byte| *byte == b'\n')
        .ok_or("the file has no signature")?;
    let signature = std::str::from_utf8(&whole[at + 1..]).map_err(|_| "the signature is no text")?;
    Ok((&whole[..at], signature))
}

fn read(text: &[u8]) -> Result<Export, String> {
    let export: Export = serde_json::from_slice(text).map_err(|error| {
        format!(
            "not an export: line {} column {}: {error}",
            error.line(),
            error.column()
        )
    })?;
    if export.format != FORMAT {
        return Err(format!("the format is {:?}, not {FORMAT:?}", export.format));
    }
    if export.cases.len() > MAX_CASES {
        return Err(format!("{} cases, more than {MAX_CASES}", export.cases.len()));
    }
    let ids: BTreeSet<_> = export.cases.iter().map(|case| case.id).collect();
    if ids.len() != export.cases.len() {
        return Err("a case is there twice".into());
    }
    Ok(export)
}

fn signed(export: &Export, text: &[u8], signature: &str) -> Result<(Jwk, String), String> {
    let holder = Jwk::parse(&export.holder, "holder").map_err(|error| error.to_string())?;
    if !holder.has_signed(text, signature) {
        return Err("the text was changed, or another wallet signed it".into());
    }
    let name = holder.thumbprint();
    Ok((holder, name))
}

fn network(export: &Export, key: &NetworkKey) -> Result<((), String), String> {
    if export.network_key == *key {
        Ok(((), String::new()))
    } else {
        Err(format!(
            "it is of the network with the key {}",
            export.network_key
        ))
    }
}

/// The identity credential is bound to the key that signed. Who issued it is for its verifier to check.
fn identity(export: &Export, holder: &Jwk, lang: Lang) -> Result<((), String), String> {
    let Some(text) = &export.identity else {
        return Ok(((), pick(lang, "没有", "none").into()));
    };
    let bound = Presented::parse(text).and_then(|presented| presented.claimed_holder());
    match bound {
        Ok(bound) if bound == *holder => Ok(((), String::new())),
        Ok(_) => Err("the identity credential is bound to another key".into()),
        Err(error) => Err(error.to_string()),
    }
}

fn check_case(
    case: &ExportedCase,
    export: &Export,
    (holder, key, lang): (&Jwk, &NetworkKey, Lang),
    report: &mut Report,
) {
    let id = Some(case.id);
    let (checked, history) = super::examine(&case.bundle, key, Origin::Given, id);
    let failed = checked.steps.iter().find(|step| step.ok != Some(true));
    let verdict = match failed {
        None => Ok(((), case.service.clone())),
        Some(step) => Err(format!("{:?}: {}", step.step, step.detail)),
    };
    report.take(What::Case, id, verdict);
    let Some(history) = history else { return };
    report.take(What::Owner, id, owner(case, export, holder, &history));
    report.take(What::Form, id, form(case, &history, lang));
    report.take(What::Consents, id, consents(case, key, &history, lang));
    if let Some(count) = report.take(What::Uses, id, uses(case, key, &history)) {
        report.uses += count;
    }
    report.take(What::Statements, id, statements(case, &history));
    report.take(What::Credential, id, credential(case, &history, lang));
}

fn applicant(history: &History) -> Address {
    history.replay.case.applicant
}

/// The text that the key of a case signs (EIP-191), and that makes the export one person's.
pub fn belongs_text(case_id: B256, holder: &Jwk, created_at_ms: u64) -> String {
    format!(
        "zhengtong export\n{case_id:#x}\n{}\n{created_at_ms}",
        holder.thumbprint()
    )
}

fn owner(
    case: &ExportedCase,
    export: &Export,
    holder: &Jwk,
    history: &History,
) -> Result<((), String), String> {
    let text = belongs_text(case.id, holder, export.created_at_ms);
    let applicant = applicant(history);
    if recover(&case.belongs, &text) != Some(applicant) {
        return Err("the key of the case does not say that it is of this wallet".into());
    }
    let service = history.replay.case.service;
    if parse_slug(&case.service).ok() != Some(service) {
        return Err("the case is of another service".into());
    }
    Ok(((), applicant.to_string()))
}

/// The form is one that the chain has a commitment to.
fn form(case: &ExportedCase, history: &History, lang: Lang) -> Result<((), String), String> {
    let Some(answers) = &case.form else {
        return Ok(((), pick(lang, "不在这个钱包里", "not in this wallet").into()));
    };
    let form = Form {
        answers: answers.clone(),
        salt: case.salt,
    };
    let expected = case_commitment(case.person_commitment, form.commitment());
    let held = history.entries.iter().any(|entry| match &entry.event {
        Event::CaseOpened { form, .. } | Event::Supplemented { form, .. } => *form == expected,
        _ => false,
    });
    if held {
        Ok(((), String::new()))
    } else {
        Err("the chain has no commitment to this form".into())
    }
}

fn consents(
    case: &ExportedCase,
    key: &NetworkKey,
    history: &History,
    lang: Lang,
) -> Result<((), String), String> {
    let mut told = Vec::new();
    for consent in &case.consents {
        let name = &consent.provider;
        if keccak256(canonical(&consent.record)) != consent.id {
            return Err(format!("the consent for {name} is not the record with its id"));
        }
        let state = consent
            .state
            .verify(key)
            .map_err(|error| format!("{name}: {error}"))?;
        let held = consent_slots(consent.id, applicant(history)).map(|slot| state.slot(slot));
        let expected = [name, &case.service].map(|slug| parse_slug(slug).ok());
        let terms = held[2].map(ConsentWord::read).filter(|terms| terms.until_s != 0);
        let Some(terms) = terms.filter(|_| state.address() == addresses().consents && held[..2] == expected)
        else {
            return Err(format!("the chain holds no such consent for {name}"));
        };
        let says_once = consent.record["use"] == "once";
        if says_once != terms.once || consent.record["until"].as_u64() != Some(terms.until_s) {
            return Err(format!(
                "the consent for {name} says another kind or another end than the chain holds"
            ));
        }
        let rest_on_it = history
            .entries
            .iter()
            .filter(|entry| matches!(&entry.event, Event::Used { basis, .. } if *basis == consent.id));
        let known = rest_on_it.count();
        if u32::try_from(known) != Ok(terms.uses) {
            return Err(format!(
                "{} uses rest on the consent for {name} on the chain, {known} in this file",
                terms.uses
            ));
        }
        told.push(format!("{name}: {}", terms.text(lang)));
    }
    let detail = match told.is_empty() {
        true => pick(lang, "没有", "none").to_owned(),
        false => told.join(pick(lang, "；", "; ")),
    };
    Ok(((), detail))
}

/// The third word of a consent in `Consents`, from its lowest bit: `until` (64 bits), `revoked` (8), `once` (8), `uses` (32).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ConsentWord {
    until_s: u64,
    revoked: bool,
    once: bool,
    uses: u32,
}

impl ConsentWord {
    fn read(word: B256) -> Self {
        let part = |end: usize, length: usize| &word.0[32 - end - length..32 - end];
        Self {
            until_s: U256::from_be_slice(part(0, 8)).saturating_to(),
            revoked: part(8, 1) != [0],
            once: part(9, 1) != [0],
            uses: U256::from_be_slice(part(10, 4)).saturating_to(),
        }
    }
}

impl ConsentWord {
    fn text(self, lang: Lang) -> String {
        let until = moment(self.until_s);
        let times = self.uses;
        let mut text = match lang {
            Lang::Zh => {
                let kind = if self.once {
                    "只用一次"
                } else {
                    "可多次使用"
                };
                format!("{kind}，用过 {times} 次，有效期到 {until}")
            }
            Lang::En => {
                let kind = if self.once { "for one use" } else { "standing" };
                let unit = if times == 1 { "time" } else { "times" };
                format!("{kind}, used {times} {unit}, holds until {until}")
            }
        };
        if self.once && times > 0 {
            text.push_str(pick(lang, "，已用完", ", used up"));
        }
        if self.revoked {
            text.push_str(pick(lang, "，已撤回", ", withdrawn"));
        }
        text
    }
}

/// A moment by the clocks of the region, which are eight hours ahead.
fn moment(unix_s: u64) -> String {
    let at = i64::try_from(unix_s)
        .ok()
        .and_then(|at_s| jiff::Timestamp::from_second(at_s).ok());
    match at {
        Some(at) => at
            .to_zoned(jiff::tz::offset(8).to_time_zone())
            .strftime("%Y-%m-%d %H:%M:%S %:z")
            .to_string(),
        // Beyond every calendar: shown as the chain keeps it.
        None => unix_s.to_string(),
    }
}

/// The slots of a consent in `Consents`, whose first variable it is: provider, service, then a [`ConsentWord`].
fn consent_slots(id: B256, grantor: Address) -> [B256; 3] {
    let of_id = keccak256((id, U256::ZERO).abi_encode_params());
    let first = U256::from_be_bytes(keccak256((grantor, of_id).abi_encode_params()).0);
    std::array::from_fn(|index| first.wrapping_add(U256::from(index)).into())
}

/// Every use of every agency that the rules ask, up to the first number that is proven absent; and no other.
fn uses(case: &ExportedCase, key: &NetworkKey, history: &History) -> Result<(usize, String), String> {
    let asked: BTreeSet<_> = history
        .rules
        .predicates
        .iter()
        .map(|predicate| predicate.provider)
        .collect();
    let mut told = BTreeMap::new();
    for one in &case.uses {
        let provider = parse_slug(&one.provider).map_err(|error| error.to_string())?;
        if told.insert(provider, one).is_some() {
            return Err(format!("{} is there twice", one.provider));
        }
    }
    if let Some(missing) = asked.iter().find(|provider| !told.contains_key(*provider)) {
        return Err(format!(
            "the uses of {} are missing",
            zhengtong_bindings::slug_str(*missing).unwrap_or_default()
        ));
    }
    let mut left: BTreeMap<B256, &Entry> = history
        .entries
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Used { tag, .. } => Some((*tag, entry)),
            _ => None,
        })
        .collect();
    let mut count = 0;
    for (provider, one) in told {
        let name = &one.provider;
        if one.records.len() > MAX_USES {
            return Err(format!(
                "{name}: {} uses, more than {MAX_USES}",
                one.records.len()
            ));
        }
        let state = one
            .state
            .verify(key)
            .map_err(|error| format!("{name}: {error}"))?;
        if state.address() != addresses().uses {
            return Err(format!("{name}: the storage is not that of Uses"));
        }
        let secret = Secret::new(one.secret.0);
        let binding = |n: u32| state.slot(use_slot(use_record::tag(&secret, n)));
        for (n, shown) in (0u32..).zip(&one.records) {
            let entry = left.remove(&use_record::tag(&secret, n));
            let entry = entry.ok_or_else(|| format!("{name}: use {n} is not on the chain"))?;
            let Event::Used { mask, ciphertext, .. } = &entry.event else {
                return Err(format!("{name}: use {n} is something else"));
            };
            if binding(n) != Some(use_binding(provider, case.id, *mask)) {
                return Err(format!("{name}: use {n} is not what the chain holds"));
            }
            let opened = use_record::open(&secret, n, ciphertext);
            let opened = opened.and_then(|details| serde_json::to_value(details).ok());
            if opened != *shown {
                return Err(format!("{name}: use {n} is shown otherwise than it was recorded"));
            }
            count += 1;
        }
        let next = u32::try_from(one.records.len()).unwrap_or(u32::MAX);
        if binding(next) != Some(B256::ZERO) {
            return Err(format!("{name}: that there is no use {next} is not proven"));
        }
    }
    match left.keys().next() {
        Some(tag) => Err(format!(
            "the use {tag} is under a number that is not the next one: a number was left out"
        )),
        None => Ok((count, count.to_string())),
    }
}

/// What was written is what the events name.
fn statements(case: &ExportedCase, history: &History) -> Result<((), String), String> {
    for statement in &case.statements {
        let hash = keccak256([statement.salt.as_slice(), statement.text.as_bytes()].concat());
        let named = history.entries.iter().any(|entry| match &entry.event {
            Event::SupplementRequested { statement, .. }
            | Event::Decided { statement, .. }
            | Event::Appealed { statement, .. } => *statement == hash,
            _ => false,
        });
        if hash != statement.hash || !named {
            return Err(format!(
                "the chain names no statement {} of {}",
                statement.hash, statement.at_ms
            ));
        }
    }
    Ok(((), case.statements.len().to_string()))
}

/// The credential is the one whose hash the chain has.
fn credential(case: &ExportedCase, history: &History, lang: Lang) -> Result<((), String), String> {
    let Some(text) = &case.credential else {
        return Ok(((), pick(lang, "没有", "none").into()));
    };
    let hash = zhengtong_credentials::CredentialText::new(text.clone()).hash();
    let named = history.entries.iter().any(|entry| match &entry.event {
        Event::CredentialIssued { credential_hash, .. } => *credential_hash == B256::from(hash),
        _ => false,
    });
    if named {
        Ok(((), String::new()))
    } else {
        Err("the chain names no such credential".into())
    }
}

/// Prints the report.
#[expect(clippy::print_stdout, reason = "the answer of the command")]
pub fn print(report: &Report, lang: Lang, json: bool) {
    if json {
        println!("{}", serde_json::to_string_pretty(report).unwrap_or_default());
        return;
    }
    let pick = |zh, en| pick(lang, zh, en);
    println!("{}", pick("核验导出文件", "Checking an export"));
    for line in &report.lines {
        let of = line
            .case_id
            .map(|id| format!(" {}…", &id.to_string()[..10]))
            .unwrap_or_default();
        println!("{} {}{of}", if line.ok { '✓' } else { '✗' }, line.what.text(lang));
        // Why something does not hold is said in English alone.
        if !line.detail.is_empty() {
            let head = if line.ok {
                ""
            } else {
                pick("原因（英文）：", "")
            };
            println!("    {head}{}", line.detail);
        }
    }
    if report.verified {
        println!(
            "\n{} {} / {}",
            pick("全部通过。办件、用数：", "Everything holds. Cases, uses:"),
            report.cases,
            report.uses
        );
    } else {
        println!("\n{}", pick("未通过。", "Does not hold."));
    }
}

impl What {
    fn text(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::File => ("文件完整，格式正确", "the file is whole and of the right format"),
            Self::Signature => (
                "由钱包签名，未被改动",
                "the wallet signed it, and nothing was changed",
            ),
            Self::Network => ("属于该公钥的网络", "it is of the network with this key"),
            Self::Identity => ("身份凭证属于该钱包", "the identity credential is this wallet's"),
            Self::Case => ("办件及决定", "the case and its decision"),
            Self::Owner => ("办件属于该钱包", "the case is this wallet's"),
            Self::Form => ("表单是当时提交的", "the form is the one handed in"),
            Self::Consents => ("同意在链上", "the consents are on the chain"),
            Self::Uses => ("用数记录完整，一条不缺", "the uses are complete, none left out"),
            Self::Statements => ("说明是当时写下的", "the statements are those written"),
            Self::Credential => ("电子证照是所签发的", "the credential is the one issued"),
        };
        if lang == Lang::Zh { zh } else { en }
    }
}

#[cfg(test)]
mod tests {
    use super::{ConsentWord, Lang};
    use alloy_primitives::b256;

    /// Laid out by hand from the struct in `IConsents`: uses 3, once 1, revoked 0, until 4,000,000,000.
    #[test]
    fn a_consent_is_read_as_the_contract_packs_it() {
        let word = b256!("0x00000000000000000000000000000000000000000003010000000000ee6b2800");
        let read = ConsentWord::read(word);
        let expected = ConsentWord {
            until_s: 4_000_000_000,
            revoked: false,
            once: true,
            uses: 3,
        };
        assert_eq!(read, expected);
        assert_eq!(
            read.text(Lang::En),
            "for one use, used 3 times, holds until 2096-10-02 15:06:40 +08:00, used up"
        );
        assert_eq!(
            read.text(Lang::Zh),
            "只用一次，用过 3 次，有效期到 2096-10-02 15:06:40 +08:00，已用完"
        );
        let withdrawn = ConsentWord {
            uses: 1,
            once: false,
            revoked: true,
            until_s: u64::MAX,
        };
        assert_eq!(
            withdrawn.text(Lang::En),
            "standing, used 1 time, holds until 18446744073709551615, withdrawn"
        );
    }
}
