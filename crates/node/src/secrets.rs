//! A validator's secrets on disk: its shares, the seeds of what it deals, and what others dealt to it; in the ceremony, and
//! then in each epoch.

use crate::{ShareFile, files};
use commonware_codec::{Copying, DecodeExt as _, Encode};
use commonware_consensus::types::Epoch;
use commonware_cryptography::{
    PublicKey,
    bls12381::{dkg::feldman_desmedt::DealerPrivMsg, primitives::group::Share},
    transcript::Summary,
};
use commonware_glue::dkg::SecretStore;
use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A folder that only its owner can read. What is out of date is overwritten and deleted.
///
/// The engine cannot go on without its secrets, so a disk that fails stops it.
#[derive(Clone)]
pub struct Secrets {
    folder: PathBuf,
    /// The share of the first epoch, as the ceremony wrote it.
    first: Option<PathBuf>,
}

impl Secrets {
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        Ok(Self {
            folder: folder.into(),
            first: None,
        })
    }

    /// The same, with the ceremony's file as the share of the first epoch.
    pub fn with_first(self, share: Option<PathBuf>) -> Self {
        Self { first: share, ..self }
    }

    /// Whether there is a share of any epoch.
    pub fn have_share(&self) -> io::Result<bool> {
        Ok(!self.shares()?.is_empty() || self.first.as_ref().is_some_and(|path| path.exists()))
    }

    /// The files of the shares that are kept here, by epoch, but the ceremony's.
    pub fn shares(&self) -> io::Result<BTreeMap<u64, PathBuf>> {
        let mut shares = BTreeMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let epoch = name
                .to_str()
                .and_then(|name| name.strip_prefix(SHARE)?.strip_prefix('-'));
            if let Some(Ok(epoch)) = epoch.map(str::parse) {
                shares.insert(epoch, entry.path());
            }
        }
        Ok(shares)
    }

    /// The last epoch of which anything is kept here.
    pub fn newest(&self) -> io::Result<Option<u64>> {
        let mut newest = self.first.as_ref().filter(|path| path.exists()).map(|_| 0);
        for entry in fs::read_dir(&self.folder)? {
            newest = newest.max(epoch_of(&entry?.file_name().to_string_lossy()));
        }
        Ok(newest)
    }

    fn path(&self, name: &str, epoch: Epoch) -> PathBuf {
        self.folder.join(format!("{name}-{epoch}"))
    }

    /// Overwrites and deletes the files of epochs before one.
    fn forget(&self, before: u64) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if epoch_of(&name.to_string_lossy()).is_some_and(|epoch| epoch < before) {
                wipe(&entry.path())?;
            }
        }
        let first = self.first.iter().filter(|_| before > 0);
        for path in first.flat_map(|path| [path.clone(), going(path)]) {
            if path.exists() {
                wipe(&path)?;
            }
        }
        Ok(())
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
        Some(secret.unwrap_or_else(|| panic!("{} does not hold a secret", path.display())))
    }
}

/// The epoch at the end of a file's name.
fn epoch_of(name: &str) -> Option<u64> {
    let name = name.strip_suffix(GOING).unwrap_or(name);
    name.rsplit_once('-')?.1.parse().ok()
}

const SHARE: &str = "share";

/// What the name of a file that is being wiped ends with.
const GOING: &str = ".going";

fn going(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(GOING);
    name.into()
}

/// Overwrites a file before it is deleted. A disk that writes elsewhere keeps the old bytes; encrypt it.
fn wipe(path: &Path) -> io::Result<()> {
    // A crash leaves nothing under its name that is not what the name says.
    let path = if path.to_string_lossy().ends_with(GOING) {
        path.to_owned()
    } else {
        let going = going(path);
        fs::rename(path, &going)?;
        files::sync_around(&going)?;
        going
    };
    let length = fs::metadata(&path)?.len();
    let mut file = OpenOptions::new().write(true).open(&path)?;
    file.write_all(&vec![0; usize::try_from(length).unwrap_or_default()])?;
    file.sync_all()?;
    fs::remove_file(path)
}

fn dealing(dealer: &impl Encode) -> String {
    format!("dealing-{}", hex::encode(dealer.encode()))
}

impl SecretStore for Secrets {
    async fn put_share(&mut self, epoch: Epoch, share: Share) {
        Self::put(&self.path(SHARE, epoch), &share);
    }

    async fn get_share(&mut self, epoch: Epoch) -> Option<Share> {
        let kept = Self::get(&self.path(SHARE, epoch));
        let first = self
            .first
            .as_ref()
            .filter(|path| epoch == Epoch::zero() && path.exists());
        kept.or_else(|| {
            let share = ShareFile::read(first?);
            Some(share.unwrap_or_else(|error| panic!("{error}")).share())
        })
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

    async fn prune(&mut self, min: Epoch) {
        if let Err(error) = self.forget(min.get()) {
            // They are not needed, and the next epoch tries again.
            tracing::warn!(%error, folder = %self.folder.display(), "secrets that are out of date could not be deleted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;
    use crate::ShareFile;
    use commonware_consensus::types::Epoch;
    use commonware_cryptography::{
        Signer as _,
        bls12381::{
            dkg::feldman_desmedt::deal,
            primitives::{sharing::Mode, variant::MinSig},
        },
        ed25519,
        transcript::{Transcript, Version},
    };
    use commonware_glue::dkg::SecretStore as _;
    use commonware_utils::{N3f1, TestRng, ordered::Set};
    use std::{fs, os::unix::fs::PermissionsExt as _};

    #[tokio::test]
    async fn secrets_are_their_owners_and_go_when_they_are_out_of_date() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, first) = (
            folder.path().join("identity.shares"),
            folder.path().join("share.key"),
        );
        let player = ed25519::PrivateKey::from_seed(1).public_key();
        let players = Set::from_iter_dedup([player.clone()]);
        let (_, shares) =
            deal::<MinSig, _, N3f1>(TestRng::new(1), Mode::NonZeroCounter, players).expect("dealt");
        let share = shares.get_value(&player).expect("a player").clone();
        ShareFile::new(share.clone()).write(&first).expect("writes");
        let kept = Secrets::open(&path).expect("opens");
        assert!(!kept.have_share().expect("reads"));
        assert_eq!(kept.newest().expect("reads"), None);
        let mut kept = kept.with_first(Some(first.clone()));
        assert!(kept.have_share().expect("reads"));
        assert_eq!(kept.newest().expect("reads"), Some(0));
        assert_eq!(kept.get_share(Epoch::zero()).await, Some(share.clone()));
        assert_eq!(kept.get_share(Epoch::new(1)).await, None);

        let seed = Transcript::new(b"test", Version::V1).summarize();
        for epoch in 1..4 {
            kept.put_share(Epoch::new(epoch), share.clone()).await;
            kept.put_seed(Epoch::new(epoch), seed).await;
        }
        let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        for file in fs::read_dir(&path).expect("reads") {
            assert_eq!(mode(&file.expect("reads").path()), 0o600);
        }
        // Wiping this one was broken off.
        fs::write(path.join("share-0.going"), [0; 8]).expect("writes");
        assert_eq!(
            kept.shares().expect("reads").into_keys().collect::<Vec<_>>(),
            [1, 2, 3]
        );
        kept.prune(Epoch::new(3)).await;
        let mut left: Vec<_> = fs::read_dir(&path)
            .expect("reads")
            .map(|file| file.expect("reads").file_name().into_string().expect("text"))
            .collect();
        left.sort();
        assert_eq!(left, ["seed-3", "share-3"]);
        assert_eq!(kept.newest().expect("reads"), Some(3));
        assert!(!first.exists(), "the first share is out of date too");
        assert_eq!(kept.get_share(Epoch::zero()).await, None);
        assert_eq!(kept.get_share(Epoch::new(3)).await, Some(share));
        assert!(Secrets::open(&path).expect("opens").have_share().expect("reads"));
    }
}
