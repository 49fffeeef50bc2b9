//! One validator, the gateways as processes, and cases whose applicant consented.

use super::super::{
    Exchanges,
    server::{Server, free_address},
};
use super::resident::{Letter, OwnCase, holder};
use crate::dev::{agencies, bootstrap, certificates, folder::Folder, keys::DevSeed};
use alloy_primitives::{Address, B256};
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, ensure};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use zhengtong_bindings::{
    addresses,
    cases::Cases::openCall,
    consents::Consents::grantCall,
    parse_slug,
    registry::IRegistry::Organisation,
    registry::Registry::{setOfficerCall, setOrganisationCall},
};
use zhengtong_client::{Account, Call, Client};
use zhengtong_credentials::CredentialText;
use zhengtong_gateway::{KeyFiles, Keys};
use zhengtong_services::bundled;

/// Who gives the record, and who asks for it.
pub const PROVIDER: &str = "disabled-federation";
const CONSUMER: &str = "civil-affairs";
const IDENTITY: &str = "public-security";
const SERVICE: &str = "disability-living-subsidy";
const RESIDENT: &str = "subsidy-approved-45";
const PORTAL: &str = "127.0.0.1:8080";
/// Cases that are prepared at once.
const AT_ONCE: usize = 32;
const PATIENCE: Duration = Duration::from_secs(120);

/// What runs, and what the load needs to know.
pub struct Stage {
    /// The consumer's gateway.
    pub consumer: String,
    /// Its officer's `Authorization`.
    pub session: String,
    /// Ids of the cases.
    pub cases: Vec<String>,
    /// The provider's own database.
    pub source: String,
    /// The resident's number, of nobody.
    pub number: String,
    _validator: Server,
    _gateways: Vec<Running>,
}

/// A gateway as a process; ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing to do if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Stage {
    pub async fn build(args: &Exchanges) -> Result<Self> {
        let validator = Server::validator(&args.folder.join("chain")).await?;
        let seed = DevSeed::open(&args.folder.join("chain/keys/seed"))?;
        let rpc = format!("http://{}", validator.http.address);
        let client = Client::connect(&rpc, None).await?;
        let folder = Folder::open(&args.folder.join("agencies"))?;
        let residents = agencies::residents(&folder).await?;
        let library = bundled::library().map_err(anyhow::Error::msg)?;
        let council = Account::new(client.clone(), seed.signer("council")?);
        let (public, authority) = (agencies::keys(&folder, &seed)?, certificates::authority(&seed)?);
        bootstrap::bootstrap(&council, &public, authority.certificate(), &library).await?;
        let officer = seed.signer("bench officer")?;
        let call = setOfficerCall::new((officer.address(), parse_slug(CONSUMER)?, true));
        council.execute(&Call::new(addresses().registry, &call)).await?;

        let mut gateways = Vec::new();
        let mut urls = Vec::new();
        for (index, slug) in [IDENTITY, CONSUMER, PROVIDER].into_iter().enumerate() {
            let listen = free_address()?;
            let place = folder.path("gateways").join(slug);
            let source = residents.databases.get(slug).context("a database")?;
            let database = args.databases.get(index.wrapping_sub(1)).map(String::as_str);
            let setup = Setup {
                slug,
                listen: &listen,
                rpc: &rpc,
                source,
                database,
                args,
            };
            gateways.push(
                setup
                    .start(&place, client.network()?.public_key.to_string())
                    .await?,
            );
            relist(&council, slug, &place, &format!("http://{listen}")).await?;
            urls.push(format!("http://{listen}"));
        }
        let resident = residents
            .demo_residents()
            .into_iter()
            .find(|resident| resident.label == RESIDENT);
        let resident = resident.context("the resident")?;
        let identity = prove(&urls[0], &resident.number, &resident.code).await?;
        gateways.remove(0);
        let provider = keys(&folder.path("gateways").join(PROVIDER))?.public()?;
        let fields = library
            .packages()
            .iter()
            .find(|package| package.slug() == SERVICE);
        let fields = fields.and_then(|package| package.evidence().record(PROVIDER, "certificate"));
        let preparing = Preparing {
            client: &client,
            gateway: &urls[2],
            encryption: provider.encryption,
            number: &resident.number,
            identity: &identity,
            fields: &fields.context("the declared record")?.fields,
        };
        let cases = futures::stream::iter(0..args.cases).map(|index| preparing.case(index));
        let cases = cases.buffer_unordered(AT_ONCE).try_collect().await?;
        settled(&urls[2]).await?;
        let session = sign_in(&urls[1], &officer, client.chain_id()).await?;
        Ok(Self {
            consumer: urls[1].clone(),
            session,
            cases,
            source: residents.databases[PROVIDER].clone(),
            number: resident.number,
            _validator: validator,
            _gateways: gateways,
        })
    }
}

struct Setup<'a> {
    slug: &'a str,
    listen: &'a str,
    rpc: &'a str,
    source: &'a str,
    database: Option<&'a str>,
    args: &'a Exchanges,
}

impl Setup<'_> {
    async fn start(&self, place: &Path, network_key: String) -> Result<Running> {
        let absolute =
            |path: &Path| std::fs::canonicalize(path).with_context(|| format!("{}", path.display()));
        let mapping = absolute(&self.args.agencies.join(self.slug).join("mapping.toml"))?;
        // The budget of the demo's mapping is for a demo.
        let text = std::fs::read_to_string(mapping)?;
        let text = text.replace(
            "[records.certificate]\n",
            "[records.certificate]\nqueries_a_minute = 1000000\n",
        );
        std::fs::create_dir_all(place)?;
        std::fs::write(place.join("mapping.toml"), text)?;
        let database = self
            .database
            .map_or_else(String::new, |url| format!("database_url = {}\n", json!(url)));
        let config = format!(
            "listen = \"{}\"\n[gateway]\norganisation = \"{}\"\nrpc_url = \"{}\"\nnetwork_key = \"{network_key}\"\n\
             data_folder = \"data\"\n{database}source_url = \"{}\"\nmapping = \"mapping.toml\"\n\
             session_domains = [\"{PORTAL}\"]\nservices = {}\n[gateway.keys]\nattester = \"keys/attester.key\"\n\
             encryption = \"keys/encryption.key\"\nissuer = \"keys/issuer.key\"\nvault = \"keys/vault.key\"\n",
            self.listen,
            self.slug,
            self.rpc,
            self.source,
            json!(absolute(&self.args.services)?),
        );
        let path = place.join("gateway.toml");
        std::fs::write(&path, config)?;
        let log = std::fs::File::create(place.join("log"))?;
        let child = Command::new(std::env::current_exe()?)
            .args(["gateway", "--config"])
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let running = Running(child);
        eventually(async || Ok(get(&format!("http://{}/healthz", self.listen)).await.is_ok())).await?;
        Ok(running)
    }
}

fn keys(place: &Path) -> Result<Keys> {
    Ok(Keys::read_or_create(
        &KeyFiles::in_folder(&place.join("keys")),
        None,
    )?)
}

/// Tells the registry where an organisation's gateway is.
async fn relist(council: &Account, slug: &str, place: &Path, gateway: &str) -> Result<()> {
    let public = keys(place)?.public()?;
    let roles = crate::dev::cast::AGENCIES
        .iter()
        .find(|agency| agency.slug == slug)
        .context("an agency")?
        .roles;
    let organisation = Organisation {
        attester: public.attester,
        roles,
        encryptionKey: public.encryption,
        name: slug.into(),
        gateway: gateway.into(),
    };
    let call = setOrganisationCall::new((parse_slug(slug)?, organisation));
    council.execute(&Call::new(addresses().registry, &call)).await?;
    Ok(())
}

/// What every case needs.
struct Preparing<'a> {
    client: &'a Client,
    gateway: &'a str,
    encryption: B256,
    number: &'a str,
    identity: &'a CredentialText,
    fields: &'a [String],
}

impl Preparing<'_> {
    async fn send(&self, key: &PrivateKeySigner, to: Address, call: &impl SolCall) -> Result<()> {
        Account::new(self.client.clone(), key.clone())
            .execute(&Call::new(to, call))
            .await?;
        Ok(())
    }

    async fn case(&self, index: usize) -> Result<String> {
        let (service, now_s) = (parse_slug(SERVICE)?, jiff::Timestamp::now().as_second() as u64);
        let case = OwnCase::new(self.client.chain_id(), addresses().cases, index)?;
        let open = openCall {
            service,
            version: 1,
            form: case.commitment(self.number),
        };
        self.send(&case.key, addresses().cases, &open).await?;
        let until = now_s + 86_400;
        let (id, consent) = case.consent(PROVIDER, CONSUMER, SERVICE, self.fields, until);
        let grant = grantCall {
            id,
            provider: parse_slug(PROVIDER)?,
            service,
            until,
            once: false,
        };
        self.send(&case.key, addresses().consents, &grant).await?;
        let letter = Letter {
            provider: PROVIDER,
            encryption: self.encryption,
            identity: self.identity,
            consent: &consent,
            now_s,
        };
        post(&format!("{}/v1/links", self.gateway), &case.link(&letter)?).await?;
        Ok(format!("{:#x}", case.id))
    }
}

async fn prove(gateway: &str, number: &str, code: &str) -> Result<CredentialText> {
    let key = zhengtong_credentials::Issuer::new("", &holder(), String::new())?
        .jwk()
        .to_value();
    // The gateway has to see in the registry that it may prove identities, which it does not look at: it is its own key.
    let body = json!({ "number": number, "code": code, "holder": key });
    let answer = post(&format!("{gateway}/v1/identity"), &body).await?;
    Ok(CredentialText::new(
        answer["credential"].as_str().context("a credential")?.to_owned(),
    ))
}

async fn sign_in(gateway: &str, officer: &PrivateKeySigner, chain_id: u64) -> Result<String> {
    let nonce = get(&format!("{gateway}/v1/session/nonce")).await?;
    let nonce: Value = serde_json::from_str(&nonce)?;
    let now = jiff::Timestamp::now();
    let now = jiff::Timestamp::from_second(now.as_second())?;
    let message = format!(
        "{PORTAL} wants you to sign in with your Ethereum account:\n{}\n\nSign in\n\nURI: http://{PORTAL}\nVersion: 1\n\
         Chain ID: {chain_id}\nNonce: {}\nIssued At: {now}\nExpiration Time: {}",
        officer.address().to_checksum(None),
        nonce["nonce"].as_str().unwrap_or_default(),
        now + jiff::SignedDuration::from_secs(300),
    );
    let signature = officer.sign_message_sync(message.as_bytes())?.to_string();
    let body = json!({ "message": message, "signature": signature });
    let answer = post(&format!("{gateway}/v1/session"), &body).await?;
    Ok(format!("Bearer {}", answer["token"].as_str().context("a token")?))
}

/// Waits until a gateway has no open work.
async fn settled(gateway: &str) -> Result<()> {
    eventually(async || {
        let text = get(&format!("{gateway}/metrics")).await?;
        let open = text
            .lines()
            .find_map(|line| line.strip_prefix("zhengtong_gateway_jobs{state=\"open\"} "));
        Ok(open.is_none_or(|count| count == "0"))
    })
    .await
}

async fn eventually(is_so: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let started = std::time::Instant::now();
    while !is_so().await? {
        ensure!(started.elapsed() < PATIENCE, "not ready after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn get(url: &str) -> Result<String> {
    Ok(reqwest::get(url).await?.error_for_status()?.text().await?)
}

async fn post(url: &str, body: &Value) -> Result<Value> {
    let answer = reqwest::Client::new()
        .post(url)
        .body(body.to_string())
        .send()
        .await?;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(status.is_success(), "{url}: {status}: {text}");
    serde_json::from_str(&text).context("the answer is not JSON")
}
