//! `--sign-elsewhere`: the key is on a machine that is never connected. The request goes there as a file or as QR codes, the
//! signature comes back as a file (ERC-4527).

use super::{errors::explain, say};
use crate::wallet::{
    Openings, file, screen,
    wire::{DataType, EthSignature, HdKey, Kind, Parts, RequestId, SignRequest},
};
use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::Encodable2718 as _;
use alloy_primitives::{Address, Bytes, Signature};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use zhengtong_client::{Call, Client};
use zhengtong_types::VerifiedReceipt;

/// How often one looks whether the signature is there; also how long each part of a request is shown.
const LOOK: Duration = Duration::from_millis(400);
/// How many looks a wait may take: two hours, for somebody to walk to another room.
const MAX_LOOKS: u32 = 18_000;
/// The largest file with an account or a signature.
const MAX_FILE_BYTES: u64 = 16 * 1024;

#[derive(clap::Args)]
pub struct ElsewhereArgs {
    /// The account of a key on another machine, as `zhengtong wallet export` or another wallet of ERC-4527 writes it: what
    /// it is to sign is written to a file, and shown as a QR code, and its signature awaited.
    #[arg(long, value_name = "ACCOUNT")]
    sign_elsewhere: Option<PathBuf>,
    /// Which key of that account.
    #[arg(long, default_value_t = 0, requires = "sign_elsewhere")]
    index: u32,
    /// Where the request is written; beside it, as .json, what stands behind hashes in it (`wallet sign --with`).
    #[arg(long, default_value = "request.ur", requires = "sign_elsewhere")]
    request: PathBuf,
    /// Where the signature is awaited.
    #[arg(long, default_value = "signature.ur", requires = "sign_elsewhere")]
    signature: PathBuf,
}

/// A key on another machine.
pub struct Elsewhere {
    account: HdKey,
    index: u32,
    address: Address,
    request: PathBuf,
    signature: PathBuf,
}

impl ElsewhereArgs {
    /// `None` if the key is here.
    pub fn read(&self) -> Result<Option<Elsewhere>> {
        let Some(path) = &self.sign_elsewhere else {
            return Ok(None);
        };
        let text = file::read(path, MAX_FILE_BYTES)?;
        let read = Kind::HdKey
            .read(&text)
            .and_then(|content| HdKey::decode(&content));
        let account = read.with_context(|| format!("{} is not an account", path.display()))?;
        Ok(Some(Elsewhere {
            address: account.address(self.index)?,
            account,
            index: self.index,
            request: self.request.clone(),
            signature: self.signature.clone(),
        }))
    }
}

impl Elsewhere {
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Has a call signed, sends it, and waits until it is final and proven. The files are gone afterwards.
    pub async fn execute(&self, client: &Client, call: &Call, behind: &Openings) -> Result<VerifiedReceipt> {
        ensure!(
            !self.signature.exists(),
            "{} is there already, of an earlier request; remove it",
            self.signature.display()
        );
        let transaction = client.prepare(self.address, call).await.map_err(explain)?;
        let request = self.ask(&transaction, behind)?;
        let signature = self.wait(&request, &transaction).await?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        let raw: Bytes = envelope.encoded_2718().into();
        let hash = client.send(&raw).await.map_err(explain)?;
        for path in [&self.signature, &self.request, &self.behind()] {
            let _ = fs::remove_file(path);
        }
        client.settle(hash, &raw).await.map_err(explain)
    }

    fn behind(&self) -> PathBuf {
        self.request.with_extension("json")
    }

    /// Writes the request.
    fn ask(&self, transaction: &TxEip1559, behind: &Openings) -> Result<SignRequest> {
        let request = SignRequest {
            id: Some(RequestId::random()),
            data: transaction.encoded_for_signing().into(),
            data_type: DataType::Typed,
            chain_id: transaction.chain_id,
            path: self.account.path(self.index),
            address: Some(self.address),
            origin: Some("zhengtong council".into()),
        };
        // One that was not answered is replaced by this.
        for path in [&self.request, &self.behind()] {
            let _ = fs::remove_file(path);
        }
        file::write_new(
            &self.request,
            &format!("{}\n", Kind::SignRequest.write(&request.encode())),
            0o644,
        )?;
        file::write_new(&self.behind(), &serde_json::to_string_pretty(behind)?, 0o644)?;
        say(format!(
            "to be signed by {}: take {} and {} to the other machine, and there",
            self.address,
            self.request.display(),
            self.behind().display()
        ));
        let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).display().to_string();
        say(format!(
            "  zhengtong wallet sign {} --with {} --chain-id {} --out {}",
            name(&self.request),
            name(&self.behind()),
            transaction.chain_id,
            name(&self.signature)
        ));
        say(format!(
            "then bring the signature here as {}",
            self.signature.display()
        ));
        Ok(request)
    }

    /// Waits for the signature. One that does not fit is said once, and the next awaited.
    async fn wait(&self, request: &SignRequest, transaction: &TxEip1559) -> Result<Signature> {
        let mut parts = Parts::new(Kind::SignRequest, &request.encode())?;
        let mut refused = None;
        for _ in 0..MAX_LOOKS {
            // A file that is being copied is there before it is whole: what is refused is refused when it stays as it is.
            if let Ok(text) = file::read(&self.signature, MAX_FILE_BYTES) {
                match accept(&text, request, transaction, self.address) {
                    Ok(signature) => return Ok(signature),
                    Err(error) if refused.as_ref() != Some(&text) => {
                        say(format!("{} is not taken: {error:#}", self.signature.display()));
                        refused = Some(text);
                    }
                    Err(_) => {}
                }
            }
            screen::show_next(&mut parts)?;
            tokio::time::sleep(LOOK).await;
        }
        bail!("no signature came; run this again")
    }
}

fn accept(text: &str, request: &SignRequest, transaction: &TxEip1559, signer: Address) -> Result<Signature> {
    let answer = EthSignature::decode(&Kind::Signature.read(text)?)?;
    let id = request.id.context("a request of ours has an id")?;
    Ok(answer.check(id, transaction.signature_hash(), signer)?)
}
