//! Five agencies, their gateways, and residents.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::{SolCall, SolValue};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt;
use zhengtong_bindings::cases::Cases::{getCall, openCall};
use zhengtong_bindings::cases::ICases::Case;
use zhengtong_bindings::consents::Consents::grantCall;
use zhengtong_bindings::credentials::Credentials::setAnchorCall;
use zhengtong_bindings::registry::IRegistry::Organisation;
use zhengtong_bindings::registry::Registry::{setOfficerCall, setOrganisationCall};
use zhengtong_bindings::rules::IRules::RuleSet;
use zhengtong_bindings::rules::Rules::publishCall as publishRules;
use zhengtong_bindings::services::IServices::Service;
use zhengtong_bindings::services::Services::publishCall;
use zhengtong_bindings::statutes::IStatutes::Statute;
use zhengtong_bindings::statutes::Statutes::listCall;
use zhengtong_bindings::{DECIDER, IDENTITY, ISSUER, PROVIDER, RECOVERY, addresses, parse_slug};
use zhengtong_credentials::CredentialText;
use zhengtong_credentials::x509::{Authority, Subject};
use zhengtong_gateway::app::App;
use zhengtong_gateway::app::api::ApiConfig;
use zhengtong_gateway::app::chain::ChainPort;
use zhengtong_gateway::app::clock::Clock;
use zhengtong_gateway::{AccessConfig, Config, CredentialsConfig, KeyFiles, Keys, OidcConfig, http, open};
use zhengtong_population::{AGENCIES, DemoResident, Prepared, prepare};
use zhengtong_types::NetworkKey;
use zhengtong_vault::Secret;

use crate::chain::{CHAIN_ID, TestChain, TestClock};
use crate::wallet::{OwnCase, Wallet, consent, siwe};

pub const SEED: u64 = 20_260;
pub const TODAY: Date = date(2026, 11, 22);
/// Noon of TODAY in China.
pub const NOW_S: u64 = 1_795_320_000;
const YEAR_S: u64 = 365 * 24 * 3600;
pub const PORTAL: &str = "127.0.0.1:8080";
pub const OWNER: &str = "civil-affairs";

/// The agencies' databases: made once, read by all tests.
pub async fn population() -> &'static (TempDir, Prepared) {
    static POPULATION: OnceCell<(TempDir, Prepared)> = OnceCell::const_new();
    POPULATION
        .get_or_init(|| async {
            let folder = TempDir::new().unwrap();
            let prepared = prepare(folder.path(), SEED, TODAY).await.unwrap();
            (folder, prepared)
        })
        .await
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub struct World {
    pub chain: Arc<TestChain>,
    pub clock: Arc<TestClock>,
    pub council: PrivateKeySigner,
    pub gateways: Vec<(&'static str, App)>,
    pub folder: TempDir,
    /// Databases of stores and vaults; SQLite files in the folder for those that are not here.
    pub databases: Vec<(&'static str, String)>,
    /// Agencies' own databases that stand in for the prepared ones.
    pub sources: Vec<(&'static str, String)>,
    /// What the gateways' addresses are relative to, where they reach each other.
    pub peers_at: Option<String>,
    /// Agencies whose clocks are not the chain's.
    pub clocks: Vec<(&'static str, Arc<TestClock>)>,
    /// Mappings that stand in for the agencies' own.
    pub mappings: Vec<(&'static str, PathBuf)>,
    /// An agency that keeps its records behind an API of its own, and not in a database.
    pub api: Option<(&'static str, ApiConfig)>,
    /// The provider that the officers of [`OWNER`] sign in at.
    pub oidc: Option<OidcConfig>,
    /// Whether they may sign in by a key alone.
    pub key_sign_in: bool,
    demo: Vec<DemoResident>,
    /// Whether cases are opened with tokens.
    pub tokens: bool,
    /// What went to and fro for tokens that opened cases.
    pub blinded: parking_lot::Mutex<Vec<String>>,
    /// A gateway that other gateways reach over HTTP, and its address.
    served: Option<(String, String)>,
}

/// The authority that the chain trusts for every organisation's credential key.
pub fn authority() -> Authority {
    Authority::new(&[9; 32], "Test authority", NOW_S - YEAR_S, NOW_S + 10 * YEAR_S).unwrap()
}

/// An officer's key of an organisation.
pub fn officer(organisation: &str, index: u32) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256(format!("officer/{organisation}/{index}"))).unwrap()
}

pub struct Answer {
    pub status: StatusCode,
    pub json: Value,
    pub text: String,
}

impl Answer {
    pub fn field(&self) -> &str {
        self.json["field"].as_str().unwrap_or_default()
    }

    pub fn kind(&self) -> &str {
        self.json["type"]
            .as_str()
            .unwrap_or_default()
            .rsplit(':')
            .next()
            .unwrap_or_default()
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(Vec::new(), None).await
    }

    /// A world whose gateways keep what they keep in these databases, by organisation.
    pub async fn on(databases: Vec<(&'static str, String)>) -> Self {
        Self::with(databases, None).await
    }

    /// A world in which other gateways reach one over HTTP.
    pub async fn serving(organisation: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = Self::with(Vec::new(), Some((organisation.to_owned(), url))).await;
        let router = http::router(world.app(organisation).clone(), true);
        tokio::spawn(async move { axum::serve(listener, router).await });
        world
    }

    async fn with(databases: Vec<(&'static str, String)>, served: Option<(String, String)>) -> Self {
        let (_, prepared) = population().await;
        let council = PrivateKeySigner::from_bytes(&keccak256("council")).unwrap();
        let clock = TestClock::new(NOW_S);
        let chain = TestChain::new(7, clock.clone(), council.address());
        let mut world = Self {
            chain,
            clock,
            council,
            gateways: Vec::new(),
            folder: TempDir::new().unwrap(),
            databases,
            sources: Vec::new(),
            peers_at: None,
            clocks: Vec::new(),
            mappings: Vec::new(),
            api: None,
            oidc: None,
            key_sign_in: true,
            demo: prepared.demo_residents(),
            tokens: false,
            blinded: Default::default(),
            served,
        };
        world.list_organisations();
        world.publish_services();
        world.restart().await;
        world
    }

    /// Where wallets find a gateway; nobody listens there, unless a test says so.
    pub fn url(&self, organisation: &str) -> String {
        match &self.served {
            Some((served, url)) if served == organisation => url.clone(),
            _ => format!("http://gateway.test/gateway/{organisation}"),
        }
    }

    /// Certifies an organisation's credential key by the authority that the chain trusts.
    fn certified(&self, organisation: &str) -> CredentialsConfig {
        let key = self.keys(organisation).public().unwrap().issuer;
        let url = self.url(organisation);
        let certificate = authority().certify(&Subject {
            key: &key,
            chain_id: CHAIN_ID,
            organisation,
            issuer: &url,
            host: "gateway.test",
            from_s: NOW_S - YEAR_S,
            until_s: NOW_S + 10 * YEAR_S,
        });
        let path = self.folder.path().join(format!("{organisation}.pem"));
        std::fs::write(&path, certificate.unwrap().to_pem()).unwrap();
        CredentialsConfig {
            public_url: url,
            certificates: path,
        }
    }

    pub async fn config(&self, organisation: &str) -> Config {
        let (_, prepared) = population().await;
        let folder = self.folder.path().join(organisation);
        let api = self.api.clone().filter(|(slug, _)| *slug == organisation);
        let api = api.map(|(_, api)| api);
        Config {
            organisation: organisation.to_owned(),
            rpc_url: "http://127.0.0.1:1".into(),
            network_key: self.chain.network().parse::<NetworkKey>().unwrap(),
            data_folder: folder.clone(),
            database_url: self
                .databases
                .iter()
                .find(|(slug, _)| *slug == organisation)
                .map(|(_, url)| url.clone()),
            source_url: api.is_none().then(|| {
                let own = self.sources.iter().find(|(slug, _)| *slug == organisation);
                own.map_or(&prepared.databases[organisation], |(_, url)| url)
                    .clone()
            }),
            source_api: api,
            mapping: match self.mappings.iter().find(|(slug, _)| *slug == organisation) {
                Some((_, path)) => path.clone(),
                None => repository()
                    .join("agencies")
                    .join(organisation)
                    .join("mapping.toml"),
            },
            keys: KeyFiles::in_folder(&folder.join("keys")),
            session_domains: vec![PORTAL.into(), "localhost:8080".into()],
            services: repository().join("services"),
            exchange_algorithm: Default::default(),
            peers_at: self.peers_at.clone(),
            credentials: Some(self.certified(organisation)),
            dev: true,
            allowance_tokens: 5,
            retention: None,
            deletion_record: None,
            access: AccessConfig {
                oidc: self.oidc.clone().filter(|_| organisation == OWNER),
                key_sign_in: self.key_sign_in || organisation != OWNER,
                ..AccessConfig::default()
            },
            sabotage: None,
        }
    }

    /// Drops every gateway and opens it again over the same folders.
    pub async fn restart(&mut self) {
        self.gateways.clear();
        for (organisation, _) in AGENCIES {
            let config = self.config(organisation).await;
            let own = self.clocks.iter().find(|(slug, _)| *slug == organisation);
            let clock = own.map_or(&self.clock, |(_, clock)| clock);
            let app = open(config, self.chain.clone(), clock.clone()).await.unwrap();
            self.gateways.push((organisation, app));
        }
        for (_, app) in &self.gateways {
            app.follow().await.unwrap();
        }
    }

    fn keys(&self, organisation: &str) -> Keys {
        let files = KeyFiles::in_folder(&self.folder.path().join(organisation).join("keys"));
        let attester = keccak256(format!("attester/{organisation}")).0;
        Keys::read_or_create(&files, Some(Secret::new(attester))).unwrap()
    }

    pub fn encryption(&self, organisation: &str) -> B256 {
        self.keys(organisation).public().unwrap().encryption
    }

    /// The council lists an organisation with these roles, whatever it had before.
    pub fn set_roles(&self, organisation: &str, roles: u32) {
        let public = self.keys(organisation).public().unwrap();
        let listed = Organisation {
            attester: public.attester,
            roles,
            encryptionKey: public.encryption,
            name: organisation.into(),
            gateway: format!("/gateway/{organisation}"),
        };
        let call = setOrganisationCall::new((parse_slug(organisation).unwrap(), listed));
        self.chain.submit(&self.council, addresses().registry, &call);
    }

    fn list_organisations(&self) {
        let registry = addresses().registry;
        for (slug, _) in AGENCIES {
            let roles = match slug {
                "public-security" => PROVIDER | IDENTITY | RECOVERY,
                "human-resources" | "health" => PROVIDER | RECOVERY,
                OWNER => PROVIDER | DECIDER | ISSUER,
                _ => PROVIDER,
            };
            self.set_roles(slug, roles);
            let id = parse_slug(slug).unwrap();
            let anchor = authority().certificate().der().to_vec().into();
            let call = setAnchorCall::new((id, anchor, true));
            self.chain.submit(&self.council, addresses().credentials, &call);
            for index in 0..2 {
                let call = setOfficerCall::new((officer(slug, index).address(), id, true));
                self.chain.submit(&self.council, registry, &call);
            }
        }
    }

    fn publish_services(&self) {
        let library = zhengtong_services::bundled::library().unwrap();
        for statute in library.statutes() {
            let statute = Statute {
                law: statute.law,
                article: statute.article,
                textHash: statute.text_hash,
                validFrom: statute.valid_from_s,
                validTo: statute.valid_to_s,
            };
            self.chain
                .submit(&self.council, addresses().statutes, &listCall::new((statute,)));
        }
        for package in library.packages() {
            let rules = RuleSet::abi_decode(&package.rules().compile().abi_encode()).unwrap();
            self.chain
                .submit(&self.council, addresses().rules, &publishRules::new((rules,)));
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
            self.chain.submit(
                &self.council,
                addresses().services,
                &publishCall::new((listing.id, service)),
            );
        }
    }

    pub fn app(&self, organisation: &str) -> &App {
        &self
            .gateways
            .iter()
            .find(|(slug, _)| *slug == organisation)
            .unwrap()
            .1
    }

    /// Lets every gateway follow and work until nothing happens any more.
    pub async fn settle(&self) {
        loop {
            let before = self.chain.block_count();
            for (_, app) in &self.gateways {
                app.follow().await.unwrap();
                app.work_once().await.unwrap();
            }
            if self.chain.block_count() == before {
                return;
            }
        }
    }

    pub fn demo(&self, label: &str) -> &DemoResident {
        self.demo.iter().find(|resident| resident.label == label).unwrap()
    }

    /// A demo resident's wallet, with their identity credential.
    pub async fn wallet(&self, label: &str) -> Wallet {
        let resident = self.demo(label);
        let (number, code, name) = (&resident.number, &resident.code, &resident.name);
        self.wallet_of(number, code, name).await
    }

    /// Any resident's wallet, with their identity credential.
    pub async fn wallet_of(&self, number: &str, code: &str, name: &str) -> Wallet {
        let mut wallet = Wallet {
            number: number.to_owned(),
            code: code.to_owned(),
            name: name.to_owned(),
            holder: keccak256(number).0,
            identity: None,
        };
        let body = json!({ "number": wallet.number, "code": wallet.code, "holder": wallet.holder_jwk() });
        let answer = self.post("public-security", "/v1/identity", &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        wallet.identity = Some(CredentialText::new(
            answer.json["credential"].as_str().unwrap().to_owned(),
        ));
        wallet
    }

    /// Proves who they are once more, and hands over the commitment of a secret.
    pub async fn enrol(&self, wallet: &Wallet, commitment: &str) -> Answer {
        let body = json!({ "number": wallet.number, "code": wallet.code, "holder": wallet.holder_jwk(),
            "commitment": commitment });
        self.post("public-security", "/v1/identity", &body).await
    }

    pub fn open_case(&self, case: &OwnCase, service: &str) {
        let call = openCall {
            service: parse_slug(service).unwrap(),
            version: 1,
            form: case.commitment(),
        };
        self.chain.submit(&case.key, addresses().cases, &call);
    }

    pub fn grant(&self, case: &OwnCase, provider: &str, service: &str) -> Value {
        let until = NOW_S + 30 * 24 * 3600;
        let (id, record) = consent(case, provider, service, until);
        let call = grantCall {
            id,
            provider: parse_slug(provider).unwrap(),
            service: parse_slug(service).unwrap(),
            until,
            once: record["use"] == "once",
        };
        self.chain.submit(&case.key, addresses().consents, &call);
        record
    }

    /// Posts a link as the wallet would, and requires that it is accepted.
    pub async fn link(&self, wallet: &Wallet, case: &OwnCase, organisation: &str, consent: Option<Value>) {
        let owner = organisation == OWNER;
        let rest = case.link_rest(wallet, organisation, true, owner, consent, self.clock.now_s());
        let body = case.seal(&rest, organisation, self.encryption(organisation));
        let answer = self.post(organisation, "/v1/links", &body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    }

    /// A whole application: opened, linked to every provider and the owner, settled.
    pub async fn apply(&self, wallet: &Wallet, seed: u64, service: &str) -> OwnCase {
        let (form, providers): (Value, &[(&str, bool)]) = match service {
            "old-age-allowance" => (
                json!({ "payment_channel": "social-security-card" }),
                &[("public-security", false), ("health", false), (OWNER, false)],
            ),
            "disability-living-subsidy" => (
                json!({ "payment_channel": "social-security-card", "contact_by": "portal" }),
                &[
                    ("public-security", false),
                    ("human-resources", false),
                    ("disabled-federation", true),
                    (OWNER, false),
                ],
            ),
            other => panic!("{other}"),
        };
        let case = OwnCase::new(seed, form).of(wallet);
        if self.tokens {
            let (token, blinded) = self.allowance_token(wallet, case.key.address()).await;
            let call = self.opening(&case, service, &token);
            self.chain.submit(&case.key, addresses().cases, &call);
            self.blinded.lock().extend(blinded);
        } else {
            self.open_case(&case, service);
        }
        for (provider, needs_consent) in providers {
            let consent = needs_consent.then(|| self.grant(&case, provider, service));
            self.link(wallet, &case, provider, consent).await;
        }
        self.settle().await;
        case
    }

    pub fn on_chain(&self, case: &OwnCase) -> Case {
        self.chain.read(addresses().cases, &getCall { id: case.id })
    }

    pub async fn request(
        &self,
        organisation: &str,
        method: &str,
        path: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        self.send(organisation, request).await
    }

    /// Any request at all, as it is.
    pub async fn send(&self, organisation: &str, request: Request<Body>) -> Answer {
        let router = http::router(self.app(organisation).clone(), true);
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            status,
            json: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    pub async fn post(&self, organisation: &str, path: &str, body: &Value) -> Answer {
        self.request(
            organisation,
            "POST",
            path,
            &[],
            body.to_string().into_bytes().into(),
        )
        .await
    }

    pub async fn get(&self, organisation: &str, path: &str, headers: &[(&'static str, String)]) -> Answer {
        self.request(organisation, "GET", path, headers, Bytes::new())
            .await
    }

    /// A request signed by a case's key.
    pub async fn as_case(&self, case: &OwnCase, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body: Bytes = body
            .map(|body| body.to_string().into_bytes())
            .unwrap_or_default()
            .into();
        let headers = case.headers(method, path, self.clock.now_ms(), &body);
        self.request(OWNER, method, path, &headers, body).await
    }

    pub async fn nonce(&self, organisation: &str) -> String {
        let answer = self.get(organisation, "/v1/session/nonce", &[]).await;
        answer.json["nonce"].as_str().unwrap().to_owned()
    }

    /// A signed message by which a key is proven at a gateway.
    pub async fn siwe(&self, organisation: &str, key: &PrivateKeySigner) -> Value {
        let (nonce, now_s) = (self.nonce(organisation).await, self.clock.now_s());
        let message = siwe(key.address(), PORTAL, CHAIN_ID, &nonce, now_s, now_s + 300);
        let signature = key.sign_message_sync(message.as_bytes()).unwrap();
        json!({ "message": message, "signature": signature.to_string() })
    }

    /// Signs an officer in at their gateway.
    pub async fn sign_in(&self, organisation: &str, key: &PrivateKeySigner) -> Answer {
        let body = self.siwe(organisation, key).await;
        self.post(organisation, "/v1/session", &body).await
    }

    pub async fn bearer(&self, organisation: &str, index: u32) -> Vec<(&'static str, String)> {
        let answer = self.sign_in(organisation, &officer(organisation, index)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        vec![(
            "authorization",
            format!("Bearer {}", answer.json["token"].as_str().unwrap()),
        )]
    }

    pub fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }
}

/// Somebody who governs a registry that no test uses.
pub fn nobody() -> Address {
    Address::repeat_byte(1)
}
