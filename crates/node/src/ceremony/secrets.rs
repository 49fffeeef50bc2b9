//! The ceremony's secrets on disk: this validator's seed and share, and what others dealt to it.

use super::CeremonyError;
use crate::files;
use commonware_codec::{Copying, DecodeExt as _, Encode};
use commonware_consensus::types::Epoch;
use commonware_cryptography::{
    PublicKey,
    bls12381::{dkg::feldman_desmedt::DealerPrivMsg, primitives::group::Share},
    transcript::Summary,
};
use commonware_glue::dkg::SecretStore;
use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A folder that only its owner can read, deleted when the ceremony is over.
///
/// The engine cannot go on without its secrets, so a disk that fails stops it.
#[derive(Clone)]
pub struct Secrets(PathBuf);

impl Secrets {
    pub fn open(folder: &Path) -> Result<Self, CeremonyError> {
        let failed = |source| CeremonyError::Folder {
            path: folder.into(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(failed)?;
        Ok(Self(folder.into()))
    }

    fn path(&self, name: &str, epoch: Epoch) -> PathBuf {
        self.0.join(format!("{name}-{epoch}"))
    }

    fn put(path: &Path, secret: &impl Encode) {
        let text = Zeroizing::new(hex::encode(Zeroizing::new(secret.encode().to_vec())));
        files::write(path, text.as_bytes(), true)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    fn get<T: commonware_codec::Read<Cfg = ()>>(path: &Path) -> Option<T> {
        let text = match fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => panic!("cannot read {}: {error}", path.display()),
        };
        let bytes = hex::decode(text.trim()).map(Zeroizing::new).ok();
        let secret = bytes.and_then(|bytes| T::decode(Copying(&bytes)).ok());
        Some(secret.unwrap_or_else(|| panic!("{}", CeremonyError::Secret { path: path.into() })))
    }
}

fn dealing(dealer: &impl Encode) -> String {
    format!("dealing-{}", hex::encode(dealer.encode()))
}

impl SecretStore for Secrets {
    async fn put_share(&mut self, epoch: Epoch, share: Share) {
        Self::put(&self.path("share", epoch), &share);
    }

    async fn get_share(&mut self, epoch: Epoch) -> Option<Share> {
        Self::get(&self.path("share", epoch))
    }

    async fn put_seed(&mut self, epoch: Epoch, seed: Summary) {
        Self::put(&self.path("seed", epoch), &seed);
    }

    async fn get_seed(&mut self, epoch: Epoch) -> Option<Summary> {
        Self::get(&self.path("seed", epoch))
    }

    async fn put_dealing<P: PublicKey>(&mut self, epoch: Epoch, dealer: P, private: DealerPrivMsg) {
        Self::put(&self.path(&dealing(&dealer), epoch), &private);
    }

    async fn get_dealing<P: PublicKey>(&mut self, epoch: Epoch, dealer: &P) -> Option<DealerPrivMsg> {
        Self::get(&self.path(&dealing(dealer), epoch))
    }

    /// The whole folder goes when the ceremony is over.
    async fn prune(&mut self, _: Epoch) {}
}
