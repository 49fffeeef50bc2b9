//! A member whose key is on a machine that is never connected: only files pass between the two.

use crate::{
    commands::{Setup, after, text},
    council::arguments,
    processes::{Process, fed, refused, zhengtong},
    transfers::CHAIN_ID,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// BIP-39's words of zeros.
const WORDS: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

/// The folder of the other machine.
pub struct Cold {
    folder: PathBuf,
    pub address: String,
}

impl Cold {
    /// Restores a key from its words and exports its account.
    pub fn make(root: &Path) -> Self {
        let folder = root.join("cold");
        fs::create_dir(&folder).expect("a folder");
        let at = |name: &str| text(&folder.join(name)).to_owned();
        fs::write(at("passphrase"), "correct horse battery\n").expect("writes");
        let (passphrase, file) = (at("passphrase"), at("wallet.json"));
        let key = ["--passphrase-file", passphrase.as_str()];
        let made = ["wallet", "restore", "--out", &file, key[0], key[1]];

        let short = root.join("short");
        fs::write(&short, "too short").expect("writes");
        let said = refused(&["wallet", "new", "--out", &at("new.json"), key[0], key[1]]);
        assert!(said.contains("on a terminal alone"), "{said}");
        let (done, said) = fed(&[&made[..5], &[text(&short)]].concat(), WORDS);
        assert!(!done && said.contains("fewer than 12 characters"), "{said}");
        let (done, said) = fed(&made, &WORDS.replace("about", "abuot"));
        assert!(
            !done && said.contains("word 12") && !said.contains("abuot"),
            "{said}"
        );
        for name in ["new.json", "wallet.json"] {
            assert!(!folder.join(name).exists(), "{name}");
        }

        let (done, said) = fed(&made, WORDS);
        assert!(done, "{said}");
        let mode = fs::metadata(at("wallet.json"))
            .expect("exists")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let (done, said) = fed(&made, WORDS);
        assert!(!done && said.contains("is there already"), "{said}");
        let (account, wallet) = (at("account.ur"), ["--wallet", &file, key[0], key[1]]);
        let export = [&["wallet", "export", "--out", &account][..], &wallet].concat();
        let said = zhengtong(&export);
        let address = after(&said, "地址 / address").to_owned();
        assert_eq!(address, "0x9858EfFD232B4033E47d90003D41EC34EcaEda94");
        assert_eq!(
            zhengtong(&[&["wallet", "address"][..], &wallet].concat()).trim(),
            address
        );
        Self { folder, address }
    }

    fn at(&self, name: &str) -> String {
        text(&self.folder.join(name)).to_owned()
    }

    /// A command of the council that is signed here: what the other machine showed, and what this one said then.
    pub fn council(&self, setup: &Setup, words: &[&str]) -> (String, Vec<String>) {
        let account = self.at("account.ur");
        let (request, signature) = (self.at("request.ur"), self.at("signature.ur"));
        let elsewhere = [
            "--sign-elsewhere",
            &account,
            "--request",
            &request,
            "--signature",
            &signature,
        ];
        let mut process = Process::start(&arguments(setup, None, &[words, &elsewhere].concat()));
        process.wait_for("then bring the signature here");

        let chain_id = CHAIN_ID.to_string();
        let (wallet, passphrase) = (self.at("wallet.json"), self.at("passphrase"));
        let (with, out) = (self.at("request.json"), self.at("out.ur"));
        let base = [
            "wallet",
            "sign",
            &request,
            "--wallet",
            &wallet,
            "--passphrase-file",
            &passphrase,
            "--out",
            &out,
        ];
        let opened = [&base[..], &["--with", &with]].concat();
        let said = refused(&[&opened[..], &["--yes", "--chain-id", "1"]].concat());
        assert!(said.contains(&format!("for chain {chain_id}")), "{said}");
        // The proposal is a hash to who is not shown its content.
        let (done, said) = fed(&[&base[..], &["--chain-id", &chain_id]].concat(), "yes\n");
        assert!(!done && said.contains("nothing was signed"), "{said}");
        let said = refused(&[&base[..], &["--yes", "--chain-id", &chain_id]].concat());
        assert!(said.contains("--yes does not sign it"), "{said}");
        let (done, said) = fed(&[&opened[..], &["--chain-id", &chain_id]].concat(), "no\n");
        assert!(!done && said.contains("nothing was signed"), "{said}");
        assert!(!Path::new(&out).exists());

        fs::write(&signature, "not a signature").expect("writes");
        process.wait_for(&format!("{signature} is not taken"));
        let (done, shown) = fed(&[&opened[..], &["--chain-id", &chain_id]].concat(), "是\n");
        assert!(done, "{shown}");
        fs::rename(&out, &signature).expect("moves");
        let said = process.finish();
        for used in [request, signature, with] {
            assert!(!Path::new(&used).exists(), "{used} is left");
        }
        (shown, said)
    }
}
