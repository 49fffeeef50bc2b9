//! Tells the contracts of a new network who is who, which laws there are, and which services run.
//!
//! Each step asks the chain first whether it is already so: a start that was cut off continues, and a later start with
//! a changed package publishes its new version.

use super::cast::{AGENCIES, AgencyKeys};
use alloy_primitives::{Address, Bytes};
use alloy_sol_types::{SolCall, SolValue};
use anyhow::{Context, Result, ensure};
use std::{future::Future, time::Duration};
use zhengtong_bindings::{
    Allowances, Credentials, Registry, Rules, Services, Statutes, addresses, allowance_window, parse_slug,
    registry::IRegistry::{Officer, Organisation},
    rules::IRules::RuleSet,
    services::IServices::Service,
    statutes::IStatutes::Statute,
};
use zhengtong_credentials::Certificate;
use zhengtong_services::{Library, Package};

/// How long a gateway may take to publish the key of the day.
const KEY_PATIENCE: Duration = Duration::from_secs(120);
const KEY_POLL: Duration = Duration::from_millis(100);

/// What bootstrapping needs of a chain: read, and send as the council.
pub trait Council {
    /// `eth_call` at the latest block; `None` when the contract reverts.
    fn read(&self, to: Address, data: Bytes) -> impl Future<Output = Result<Option<Bytes>>> + Send;

    /// Sends and waits until it is final; fails if it reverted.
    fn send(&self, to: Address, data: Bytes) -> impl Future<Output = Result<()>> + Send;
}

/// Brings the contracts to what `agencies` (in the order of [`AGENCIES`]) and `library` say, and lets `anchor` certify the
/// agencies' credential keys. Answers how many transactions that took.
pub async fn bootstrap(
    council: &impl Council,
    agencies: &[AgencyKeys],
    anchor: &Certificate,
    library: &Library,
) -> Result<usize> {
    ensure!(
        agencies.len() == AGENCIES.len(),
        "keys of {} agencies, expected {}",
        agencies.len(),
        AGENCIES.len()
    );
    let mut sent = 0;
    for (agency, keys) in AGENCIES.iter().zip(agencies) {
        sent += organisation(council, agency.slug, agency.name, agency.roles, keys).await?;
        sent += trust(council, agency.slug, anchor).await?;
    }
    for statute in library.statutes() {
        sent += list_statute(council, &statute).await?;
    }
    for package in library.packages() {
        sent += publish(council, package)
            .await
            .with_context(|| format!("service {}", package.slug()))?;
    }
    Ok(sent)
}

/// Lets an organisation's tokens, and nothing else, open cases.
pub async fn require_tokens(council: &impl Council, issuer: &str) -> Result<usize> {
    let (organisation, allowances) = (parse_slug(issuer)?, addresses().allowances);
    if ask(council, allowances, Allowances::issuerCall {}).await? == Some(organisation) {
        return Ok(0);
    }
    tell(council, allowances, Allowances::setIssuerCall { organisation })
        .await
        .map(|()| 1)
}

/// Waits until a day's key of an organisation is published: its gateway does that by itself.
pub async fn await_key(council: &impl Council, issuer: &str, now_s: u64) -> Result<()> {
    let (organisation, allowances) = (parse_slug(issuer)?, addresses().allowances);
    let window = allowance_window(now_s);
    let published = async {
        while ask(
            council,
            allowances,
            Allowances::keyOfCall { organisation, window },
        )
        .await?
        .is_none()
        {
            tokio::time::sleep(KEY_POLL).await;
        }
        Ok::<(), anyhow::Error>(())
    };
    tokio::time::timeout(KEY_PATIENCE, published)
        .await
        .with_context(|| format!("{issuer} has published no key for tokens after {KEY_PATIENCE:?}"))?
}

async fn trust(council: &impl Council, slug: &str, anchor: &Certificate) -> Result<usize> {
    let (issuer, credentials) = (parse_slug(slug)?, addresses().credentials);
    let known = Credentials::isAnchorCall {
        issuer,
        fingerprint: anchor.fingerprint().into(),
    };
    if ask(council, credentials, known).await? == Some(true) {
        return Ok(0);
    }
    let certificate = anchor.der().to_vec().into();
    tell(
        council,
        credentials,
        Credentials::setAnchorCall::new((issuer, certificate, true)),
    )
    .await
    .map(|()| 1)
}

async fn organisation(
    council: &impl Council,
    slug: &str,
    name: &str,
    roles: u32,
    keys: &AgencyKeys,
) -> Result<usize> {
    let (id, registry) = (parse_slug(slug)?, addresses().registry);
    let wanted = Organisation {
        attester: keys.attester,
        roles,
        encryptionKey: keys.encryption,
        name: name.to_owned(),
        gateway: format!("/gateway/{slug}"),
    };
    let mut sent = 0;
    let known = ask(council, registry, Registry::organisationCall { id }).await?;
    if known.as_ref() != Some(&wanted) {
        tell(
            council,
            registry,
            Registry::setOrganisationCall::new((id, wanted)),
        )
        .await?;
        sent += 1;
    }
    for key in keys.officers.iter().copied() {
        let known = ask(council, registry, Registry::officerCall { key }).await?;
        if known
            != Some(Officer {
                organisation: id,
                active: true,
            })
        {
            tell(council, registry, Registry::setOfficerCall::new((key, id, true))).await?;
            sent += 1;
        }
    }
    Ok(sent)
}

async fn list_statute(council: &impl Council, statute: &zhengtong_services::Statute) -> Result<usize> {
    let statutes = addresses().statutes;
    let wanted = Statute {
        law: statute.law.clone(),
        article: statute.article.clone(),
        textHash: statute.text_hash,
        validFrom: statute.valid_from_s,
        validTo: statute.valid_to_s,
    };
    let id = zhengtong_bindings::statute_id(&statute.law, &statute.article);
    if ask(council, statutes, Statutes::statuteCall { id })
        .await?
        .as_ref()
        == Some(&wanted)
    {
        return Ok(0);
    }
    tell(council, statutes, Statutes::listCall::new((wanted,)))
        .await
        .map(|()| 1)
}

async fn publish(council: &impl Council, package: &Package) -> Result<usize> {
    let mut sent = 0;
    let compiled = package.rules().compile();
    let rules = addresses().rules;
    if ask(council, rules, Rules::ruleSetCall { id: compiled.id() })
        .await?
        .is_none()
    {
        // The two structs are one on the wire: `zhengtong-rules` does not depend on the contracts.
        let value = RuleSet::abi_decode(&compiled.abi_encode()).context("the compiled rule set")?;
        tell(council, rules, Rules::publishCall::new((value,))).await?;
        sent += 1;
    }
    let (listing, services) = (package.listing(), addresses().services);
    let wanted = Service {
        owner: listing.owner,
        sponsor: listing.sponsor,
        packageHash: listing.package_hash,
        ruleSet: listing.rule_set,
        promisedSeconds: listing.promised_seconds,
        statutorySeconds: listing.statutory_seconds,
        appealSeconds: listing.appeal_seconds,
        active: true,
        credentialType: listing.credential_type,
        uri: format!("/api/v1/services/{}", package.slug()),
    };
    let latest = ask(council, services, Services::latestCall { id: listing.id }).await?;
    if latest.is_none_or(|latest| latest._1 != wanted) {
        tell(
            council,
            services,
            Services::publishCall::new((listing.id, wanted)),
        )
        .await?;
        sent += 1;
    }
    Ok(sent)
}

async fn ask<C: SolCall>(council: &impl Council, to: Address, call: C) -> Result<Option<C::Return>> {
    let answer = council.read(to, call.abi_encode().into()).await?;
    answer
        .map(|bytes| C::abi_decode_returns(&bytes).context("the contract's answer does not decode"))
        .transpose()
}

async fn tell<C: SolCall>(council: &impl Council, to: Address, call: C) -> Result<()> {
    council
        .send(to, call.abi_encode().into())
        .await
        .with_context(|| format!("{} at {to}", C::SIGNATURE))
}
