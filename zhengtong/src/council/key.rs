//! The key with which a member votes: a file of 64 hexadecimal digits that its owner alone can read.

use super::say;
use alloy_primitives::{Address, B256, hex};
use alloy_signer_local::PrivateKeySigner;
use anyhow::{Context, Result, bail};
use std::{
    fs,
    io::{ErrorKind, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;
use zhengtong_node::require_owners;

/// More than any key file has.
const MAX_FILE_BYTES: u64 = 256;

#[derive(clap::Args)]
pub struct Args {
    /// The file that is made.
    #[arg(long, default_value = "member.key")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<()> {
    let key = MemberKey::make(&args.out)?;
    say(format!("key     {} (secret; back it up)", args.out.display()));
    say(format!("member  {} (send it to the others)", key.address()));
    Ok(())
}

/// A member's key. Never printed.
pub struct MemberKey(PrivateKeySigner);

impl MemberKey {
    /// Makes a key and its file, which is never replaced.
    pub fn make(path: &Path) -> Result<Self> {
        let secret = Zeroizing::new(rand::random::<[u8; 32]>());
        let key =
            PrivateKeySigner::from_bytes(&B256::from(*secret)).context("a random number that is no key")?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let mut file = match file {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let whose = match Self::read(path) {
                    Ok(key) => format!("with the key of member {}", key.address()),
                    Err(error) => format!("and is no key that can be used ({error})"),
                };
                bail!(
                    "{} is there already, {whose}; choose another file",
                    path.display()
                )
            }
            other => other.with_context(|| format!("cannot create {}", path.display()))?,
        };
        let text = Zeroizing::new(hex::encode(*secret));
        writeln!(file, "{}", *text)?;
        file.sync_all()?;
        Ok(Self(key))
    }

    pub fn read(path: &Path) -> Result<Self> {
        let mut text = Zeroizing::new(String::new());
        let unreadable = || format!("cannot read the key {}", path.display());
        require_owners(path, "key")?;
        let file = fs::File::open(path).with_context(unreadable)?;
        file.take(MAX_FILE_BYTES)
            .read_to_string(&mut text)
            .with_context(unreadable)?;
        let malformed = || format!("{} does not hold a key of 64 hexadecimal digits", path.display());
        let mut secret = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), &mut secret[..])
            .ok()
            .with_context(malformed)?;
        let key = PrivateKeySigner::from_bytes(&B256::from(*secret)).ok();
        key.map(Self).with_context(malformed)
    }

    pub const fn address(&self) -> Address {
        self.0.address()
    }

    pub fn into_signer(self) -> PrivateKeySigner {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_private_kept_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("member.key");
        let made = MemberKey::make(&path).unwrap().address();
        assert_eq!(MemberKey::read(&path).unwrap().address(), made);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let error = MemberKey::make(&path).err().unwrap().to_string();
        assert!(
            error.contains("is there already") && error.contains(&made.to_string()),
            "{error}"
        );
        assert_eq!(MemberKey::read(&path).unwrap().address(), made);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("member.key");
        MemberKey::make(&path).unwrap();
        for mode in [0o644, 0o640, 0o602] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = MemberKey::read(&path).err().unwrap().to_string();
            assert!(
                error.contains(&format!("mode 0{mode:o}")) && error.contains("chmod 600"),
                "{error}"
            );
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        MemberKey::read(&path).unwrap();
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("member.key");
        let zero = "0".repeat(64);
        for text in [
            "",
            "secret",
            "0x12",
            zero.as_str(),
            &"f".repeat(64),
            &"a".repeat(1000),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let error = format!("{:#}", MemberKey::read(&path).err().unwrap());
            assert!(error.contains("64 hexadecimal digits"), "{error}");
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }
}
