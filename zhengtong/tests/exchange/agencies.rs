//! Agencies with gateways as processes of their own.

use std::path::{Path, PathBuf};

use alloy_primitives::keccak256;
use alloy_signer::SignerSync as _;
use alloy_signer_local::PrivateKeySigner;
use serde_json::{Value, json};
use zhengtong_gateway::{KeyFiles, Keys, PublicKeys};

use crate::chain::CHAIN_ID;
use crate::databases::Databases;
use crate::net::{Answer, post, send};
use crate::processes::Process;
use crate::wallet::siwe;

const PORTAL: &str = "127.0.0.1:8080";

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An agency, and its gateway if it runs.
pub struct Agency {
    pub slug: &'static str,
    pub url: String,
    pub officer: PrivateKeySigner,
    pub files: KeyFiles,
    config: PathBuf,
    /// Where it sends traces.
    otlp: String,
    process: Option<Process>,
}

/// What a configuration says.
pub struct Setup<'a> {
    pub root: &'a Path,
    pub rpc: &'a str,
    pub network_key: &'a str,
    pub databases: &'a Databases,
    /// Where gateways send traces.
    pub otlp: &'a str,
}

impl Agency {
    /// Writes the configuration; the source is filled with the agency's schema and these rows.
    pub async fn prepare(slug: &'static str, setup: &Setup<'_>, rows: &str) -> Self {
        let folder = setup.root.join(slug);
        std::fs::create_dir_all(&folder).unwrap();
        let agencies = repository().join("agencies").join(slug);
        let schema = std::fs::read_to_string(agencies.join("schema.sql")).unwrap();
        let source = setup
            .databases
            .source(slug, &folder, &format!("{schema}{rows}"))
            .await;
        let listen = crate::processes::ports(1)[0];
        // The mapping of the demo is written for SQLite; records are read alike on both, questions are not asked here.
        let store = setup
            .databases
            .store(slug)
            .map_or_else(String::new, |url| format!("database_url = \"{url}\"\n"));
        let text = format!(
            "listen = \"{listen}\"\n[gateway]\norganisation = \"{slug}\"\nrpc_url = \"{}\"\nnetwork_key = \"{}\"\n\
             data_folder = \"data\"\n{store}source_url = \"{source}\"\nmapping = \"{}\"\nsession_domains = [\"{PORTAL}\"]\n\
             services = \"{}\"\n[gateway.keys]\nattester = \"keys/attester.key\"\nencryption = \"keys/encryption.key\"\n\
             issuer = \"keys/issuer.key\"\nvault = \"keys/vault.key\"\n",
            setup.rpc,
            setup.network_key,
            agencies.join("mapping.toml").display(),
            repository().join("services").display(),
        );
        let config = folder.join("gateway.toml");
        std::fs::write(&config, text).unwrap();
        Self {
            slug,
            url: format!("http://{listen}"),
            officer: PrivateKeySigner::from_bytes(&keccak256(format!("officer of {slug}"))).unwrap(),
            files: KeyFiles::in_folder(&folder.join("keys")),
            config,
            otlp: setup.otlp.to_owned(),
            process: None,
        }
    }

    pub fn keys(&self) -> Keys {
        Keys::read_or_create(&self.files, None).unwrap()
    }

    pub fn public(&self) -> PublicKeys {
        self.keys().public().unwrap()
    }

    pub fn start(&mut self) {
        let config = self.config.to_str().unwrap();
        let mut process = Process::start(&["gateway", "--config", config, "--otlp-endpoint", &self.otlp]);
        process.wait_for("ready");
        self.process = Some(process);
    }

    /// Runs `zhengtong gateway` with its configuration and these words: what it printed, or what it said when it failed.
    pub fn command(&self, words: &[&str]) -> Result<String, String> {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_zhengtong"))
            .arg("gateway")
            .args(words)
            .arg("--config")
            .arg(&self.config)
            .output()
            .expect("it runs");
        let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("text"));
        if output.status.success() {
            Ok(out)
        } else {
            Err(err)
        }
    }

    pub fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// Waits until it has followed the chain to a block.
    pub async fn follow_to(&self, block: u64) {
        for _ in 0..600 {
            let health = send("GET", &format!("{}/healthz", self.url), &[], Vec::new())
                .await
                .json();
            if health["block_number"].as_u64().unwrap() >= block && health["registered"] == true {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{} does not follow the chain", self.slug);
    }

    /// The header of a session of its officer.
    pub async fn sign_in(&self) -> Vec<(String, String)> {
        let nonce = send("GET", &format!("{}/v1/session/nonce", self.url), &[], Vec::new())
            .await
            .json();
        let now_s = jiff::Timestamp::now().as_second() as u64;
        let nonce = nonce["nonce"].as_str().unwrap();
        let message = siwe(
            self.officer.address(),
            PORTAL,
            CHAIN_ID,
            nonce,
            now_s,
            now_s + 300,
        );
        let signature = self
            .officer
            .sign_message_sync(message.as_bytes())
            .unwrap()
            .to_string();
        let body = json!({ "message": message, "signature": signature });
        let answer = post(&format!("{}/v1/session", self.url), &[], &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        vec![("authorization".into(), format!("Bearer {token}"))]
    }

    /// Refusals that its operator sees, newest first: direction, peer, reason.
    pub async fn attempts(&self, session: &[(String, String)]) -> Vec<(String, String, String)> {
        let answer = send(
            "GET",
            &format!("{}/v1/exchange/attempts", self.url),
            session,
            Vec::new(),
        )
        .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let items = answer.json()["items"].as_array().unwrap().clone();
        let word = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        items
            .iter()
            .map(|item| (word(item, "direction"), word(item, "peer"), word(item, "reason")))
            .collect()
    }

    /// Lets its officer ask for a record.
    pub async fn ask(&self, session: &[(String, String)], case: &str, wish: &Value) -> Answer {
        post(
            &format!("{}/v1/desk/cases/{case}/records", self.url),
            session,
            wish,
        )
        .await
    }
}
