//! Books that are backed up while the gateway works, and restored: nothing is missing, nothing is done twice, and whoever was
//! deleted stays deleted.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use alloy_sol_types::SolEvent;
use zhengtong_bindings::addresses;
use zhengtong_bindings::uses::Uses::Used;
use zhengtong_gateway::Config;
use zhengtong_gateway::app::deletion::record;
use zhengtong_gateway::backup::{BackupError, Restored, back_up, restore};
use zhengtong_vault::sql::{Access, connect, sqlite_url};
use zhengtong_vault::{ResidentNumber, VaultError};

use crate::deletion::{bytes_below, contains, number};
use crate::world::{OWNER, World};

const SERVICE: &str = "old-age-allowance";
const AGENCIES: [&str; 3] = ["public-security", "health", OWNER];
/// How far apart bytes are that are changed one after the other.
const STRIDE: usize = 4_999;

/// A backup of one organisation's books.
pub struct Backup {
    pub folder: PathBuf,
    pub keys: PathBuf,
}

pub async fn take(world: &World, organisation: &str, name: &str) -> Backup {
    let backup = Backup {
        folder: world.folder.path().join(format!("{organisation}-{name}")),
        keys: world.folder.path().join(format!("{organisation}-{name}.keys")),
    };
    let config = world.config(organisation).await;
    let prove = |block| std::future::ready(Ok(world.chain.finality(block)));
    let manifest = back_up(&config, prove, &backup.folder, &backup.keys, 1)
        .await
        .unwrap();
    assert!(manifest.records > 0 && manifest.keys > 0 && manifest.followed.is_some());
    backup
}

async fn put_back(config: &Config, backup: &Backup, deletions: &Path) -> Result<Restored, BackupError> {
    restore(config, &backup.folder, &backup.keys, deletions, 2).await
}

/// The disk with an organisation's books is gone; its key files are not.
pub fn lose(world: &World, organisation: &str) {
    for entry in fs::read_dir(world.folder.path().join(organisation)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::remove_file(path).unwrap();
        }
    }
}

async fn uses_of(world: &World, organisation: &str, person: &ResidentNumber) -> u64 {
    let app = world.app(organisation);
    let subject = app.vault.resident(person);
    let found = app.usages(subject.into(), Default::default(), 0, 9).await;
    found.unwrap().total as u64
}

#[tokio::test]
async fn a_restored_gateway_goes_on_and_the_deleted_stay_deleted() {
    let mut world = World::new().await;
    let (gone, stays) = (
        world.wallet("refused-64").await,
        world.wallet("approved-66").await,
    );
    let case = world.apply(&gone, 1, SERVICE).await;
    world.apply(&stays, 2, SERVICE).await;
    let mut backups = HashMap::new();
    for organisation in AGENCIES {
        backups.insert(organisation, take(&world, organisation, "old").await);
    }

    // Afterwards one more case is decided, and a person is deleted, which the record says.
    let late = world.apply(&stays, 3, SERVICE).await;
    assert_eq!(world.on_chain(&late).status, 4, "approved");
    let mut secrets = Vec::new();
    for organisation in AGENCIES {
        let app = world.app(organisation);
        secrets.push(app.vault.resident(&number(&gone.number)).to_hex().into_bytes());
        let row = app.forget(&number(&gone.number)).await.unwrap();
        let path = world.folder.path().join(format!("{organisation}.deletions"));
        record::write(organisation, &app.store, &path).await.unwrap();
        // The backup has what was destroyed: keys in one file, what they open in the other.
        let backup = &backups[organisation];
        let keys = fs::read(&backup.keys).unwrap();
        let records = fs::read(backup.folder.join("records.sqlite")).unwrap();
        for key_id in row.key_ids.split(',') {
            assert!(contains(&keys, key_id.as_bytes()), "{organisation} {key_id}");
        }
        assert!(contains(
            &records,
            row.key_ids.split(',').next().unwrap().as_bytes()
        ));
        let pool = connect(&sqlite_url(&backup.keys), Access::ReadOnly)
            .await
            .unwrap();
        let wrapped: Vec<(String, String)> = sqlx::query_as("SELECT key_id, wrapped FROM vault_keys")
            .fetch_all(&pool)
            .await
            .unwrap();
        let destroyed = wrapped.iter().filter(|(id, _)| row.key_ids.contains(id.as_str()));
        secrets.extend(destroyed.map(|(_, wrapped)| wrapped.clone().into_bytes()));
    }
    world.gateways.clear();

    for organisation in AGENCIES {
        lose(&world, organisation);
        let config = world.config(organisation).await;
        let deletions = world.folder.path().join(format!("{organisation}.deletions"));
        let restored = put_back(&config, &backups[organisation], &deletions)
            .await
            .unwrap();
        assert_eq!(restored.deleted_again, 1, "{organisation}");
        assert!(restored.keys < restored.manifest.keys);
        let again = put_back(&config, &backups[organisation], &deletions).await;
        assert!(
            matches!(again, Err(BackupError::Exists(_))),
            "books are not written over"
        );
    }
    for backup in backups.values() {
        fs::remove_dir_all(&backup.folder).unwrap();
        fs::remove_file(&backup.keys).unwrap();
    }
    let held = bytes_below(world.folder.path());
    for secret in &secrets {
        assert!(
            !contains(&held, secret),
            "a destroyed key or a pseudonym came back"
        );
    }
    world.restart().await;
    world.settle().await;
    for organisation in AGENCIES {
        assert_eq!(uses_of(&world, organisation, &number(&gone.number)).await, 0);
        assert!(uses_of(&world, organisation, &number(&stays.number)).await > 0);
        let listed = world.get(organisation, "/v1/deletions", &[]).await;
        assert_eq!(
            listed.json["items"].as_array().unwrap().len(),
            1,
            "{organisation}"
        );
        let app = world.app(organisation);
        let of_case = app.vault.applicant(&case.id.0);
        let record = zhengtong_vault::Record {
            kind: "link",
            name: &format!("{:#x}", case.id),
        };
        let read = app.vault.get(of_case, record).await;
        assert!(matches!(read, Ok(None) | Err(VaultError::Destroyed)));
    }
    // What happened after the backup is not done again, and what is new is done.
    let next = world.apply(&stays, 4, SERVICE).await;
    assert_eq!(world.on_chain(&next).status, 4, "approved");
    let mut uses = HashMap::new();
    for log in world.chain.logs(addresses().uses) {
        let used = Used::decode_log(&log).unwrap();
        *uses.entry((used.caseId, used.provider)).or_insert(0) += 1;
    }
    assert_eq!(uses.len(), 4 * AGENCIES.len());
    assert!(uses.values().all(|count| *count == 1), "a use was recorded twice");
}

#[tokio::test]
async fn a_backup_that_was_changed_or_does_not_fit_is_refused() {
    let world = World::new().await;
    let wallet = world.wallet("approved-66").await;
    world.apply(&wallet, 1, SERVICE).await;
    let organisation = "health";
    let app = world.app(organisation);
    let deletions = world.folder.path().join("health.deletions");
    record::write(organisation, &app.store, &deletions).await.unwrap();
    let early = world.folder.path().join("early.deletions");
    fs::copy(&deletions, &early).unwrap();
    let gone = world.wallet("refused-64").await;
    world.apply(&gone, 2, SERVICE).await;
    app.forget(&number(&gone.number)).await.unwrap();
    record::write(organisation, &app.store, &deletions).await.unwrap();
    let backup = take(&world, organisation, "whole").await;
    // A new place with the same key files.
    let mut config = world.config(organisation).await;
    config.data_folder = world.folder.path().join("elsewhere");
    let nothing_there = || !config.data_folder.join("vault.sqlite").exists();

    // A bit is another one, in any file.
    let mut files: Vec<PathBuf> = fs::read_dir(&backup.folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 3, "{files:?}");
    files.push(backup.keys.clone());
    for file in files {
        let whole = fs::read(&file).unwrap();
        let stride = STRIDE.min(whole.len() / 8);
        for at in (0..whole.len()).step_by(stride).chain([whole.len() - 1]) {
            let mut changed = whole.clone();
            changed[at] ^= 1 << (at % 8);
            fs::write(&file, &changed).unwrap();
            let refused = put_back(&config, &backup, &deletions).await.err();
            let refused = refused.unwrap_or_else(|| panic!("{} byte {at}", file.display()));
            assert!(
                matches!(
                    refused,
                    BackupError::Changed { .. } | BackupError::Manifest { .. }
                ),
                "{refused}"
            );
        }
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert!(put_back(&config, &backup, &deletions).await.is_err());
        fs::write(&file, &whole).unwrap();
    }
    // Records of deletions: one from before the backup, one that was changed, one of others.
    let refused = put_back(&config, &backup, &early).await.err().unwrap();
    assert!(matches!(refused, BackupError::OldRecord { .. }), "{refused}");
    let text = fs::read_to_string(&deletions).unwrap();
    let changed = world.folder.path().join("changed.deletions");
    fs::write(&changed, text.replace("operator", "operator ")).unwrap();
    let refused = put_back(&config, &backup, &changed).await.err().unwrap();
    assert!(matches!(refused, BackupError::Deletion(_)), "{refused}");
    fs::write(&changed, text.replace("\"health\"", "\"civil-affairs\"")).unwrap();
    let refused = put_back(&config, &backup, &changed).await.err().unwrap();
    assert!(matches!(refused, BackupError::Foreign { .. }), "{refused}");
    // Another vault key opens nothing; another attester signed nothing here; another organisation is another one.
    let mut other = config.clone();
    other.keys.vault = world.folder.path().join("other-vault.key");
    zhengtong_vault::VaultKey::read_or_create(&other.keys.vault).unwrap();
    let refused = put_back(&other, &backup, &deletions).await.err().unwrap();
    assert!(
        matches!(refused, BackupError::Vault(VaultError::Sealed { .. })),
        "{refused}"
    );
    let mut other = world.config(OWNER).await;
    other.data_folder = config.data_folder.clone();
    let refused = put_back(&other, &backup, &deletions).await.err().unwrap();
    assert!(matches!(refused, BackupError::Manifest { .. }), "{refused}");
    let mut other = config.clone();
    other.network_key = *zhengtong_types::mocks::Committee::new(99, 1).key();
    let refused = put_back(&other, &backup, &deletions).await.err().unwrap();
    assert!(matches!(refused, BackupError::Foreign { .. }), "{refused}");
    let mut other = config.clone();
    other.database_url = Some("postgres://nowhere/x".into());
    let refused = put_back(&other, &backup, &deletions).await.err().unwrap();
    assert!(matches!(refused, BackupError::Postgres), "{refused}");
    assert!(nothing_there());
    assert!(!config.data_folder.join("restoring").exists());
    put_back(&config, &backup, &deletions).await.unwrap();
    assert!(!nothing_there());

    // A node that proves another block than the books have.
    let prove = |block| std::future::ready(Ok(world.chain.finality(block - 1)));
    let wrong = world.folder.path().join("wrong");
    let refused = back_up(
        &world.config(organisation).await,
        prove,
        &wrong,
        &wrong.with_extension("keys"),
        1,
    )
    .await;
    assert!(matches!(refused, Err(BackupError::Block { .. })), "{refused:?}");
    assert!(!wrong.exists() && !wrong.with_extension("keys").exists());
}

#[tokio::test]
async fn the_record_of_deletions_is_copied_with_each_deletion() {
    let mut world = World::new().await;
    let place = world.folder.path().join("another-disk.json");
    let wallet = world.wallet("refused-64").await;
    world.apply(&wallet, 1, SERVICE).await;
    let mut config = world.config("health").await;
    config.deletion_record = Some(place.clone());
    world.gateways.retain(|(slug, _)| *slug != "health");
    let app = zhengtong_gateway::open(config, world.chain.clone(), world.clock.clone())
        .await
        .unwrap();
    assert!(record::read(&place).unwrap().deletions.is_empty());
    let row = app.forget(&number(&wallet.number)).await.unwrap();
    assert_eq!(record::read(&place).unwrap().deletions, [row]);
    let text = fs::read(&place).unwrap();
    assert!(!contains(&text, wallet.number.as_bytes()));
    // Where it cannot be written, whoever deletes is told so.
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    let told = app.forget(&number(&wallet.number)).await.err().unwrap();
    assert!(told.to_string().contains("another-disk.json"), "{told}");
}
