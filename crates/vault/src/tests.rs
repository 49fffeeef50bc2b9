use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use static_assertions::assert_not_impl_any;

use crate::sql::sqlite_url;
use crate::{
    MAX_RECORD_BYTES, NumberError, Record, ResidentNumber, Secret, Vault, VaultError, VaultKey, check_digit,
    keyfile,
};

// What holds personal data or keys cannot be printed, copied, compared or serialised.
assert_not_impl_any!(Secret<String>: std::fmt::Debug, std::fmt::Display, Clone, PartialEq, serde::Serialize);
assert_not_impl_any!(ResidentNumber: std::fmt::Debug, std::fmt::Display, Clone, PartialEq, serde::Serialize);
assert_not_impl_any!(VaultKey: std::fmt::Debug, std::fmt::Display, Clone, serde::Serialize);
assert_not_impl_any!(Vault: std::fmt::Debug, Clone);

const LINK: Record<'static> = Record {
    kind: "link",
    name: "case-1",
};
const MESSAGE: &[u8] = "合成 synthetic record".as_bytes();

async fn open(folder: &Path) -> Vault {
    let key = VaultKey::read_or_create(&folder.join("vault.key")).unwrap();
    Vault::open(&sqlite_url(&folder.join("vault.sqlite")), &key)
        .await
        .unwrap()
}

fn number() -> ResidentNumber {
    let check = check_digit(b"99010119600101001");
    ResidentNumber::parse(&format!("99010119600101001{check}")).unwrap()
}

/// Every byte the vault has on disk, its log included.
fn disk(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("vault.sqlite")
        {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    bytes
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn a_record_is_read_back_after_a_restart_and_is_nowhere_on_disk_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path()).await;
    let subject = vault.resident(&number());
    vault.put(subject, LINK, MESSAGE).await.unwrap();
    drop(vault);
    let vault = open(folder.path()).await;
    assert_eq!(vault.resident(&number()), subject);
    let read = vault.get(subject, LINK).await.unwrap().unwrap();
    assert_eq!(read.expose().as_slice(), MESSAGE);
    let disk = disk(folder.path());
    for needle in [
        MESSAGE,
        hex::encode(MESSAGE).as_bytes(),
        number().expose().as_bytes(),
    ] {
        assert!(!contains(&disk, needle));
    }
}

#[tokio::test]
async fn destroying_a_persons_key_makes_every_record_about_them_unreadable_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path()).await;
    let (gone, stays) = (vault.resident(&number()), vault.applicant(&[7; 32]));
    let second = Record {
        kind: "form",
        name: "case-1",
    };
    for (subject, record) in [(gone, LINK), (gone, second), (stays, LINK)] {
        vault.put(subject, record, MESSAGE).await.unwrap();
    }
    let wrapped: String = sqlx::query_scalar("SELECT wrapped FROM vault_keys WHERE subject = $1")
        .bind(gone.to_hex())
        .fetch_one(
            &crate::sql::connect(
                &sqlite_url(&folder.path().join("vault.sqlite")),
                crate::sql::Access::ReadOnly,
            )
            .await
            .unwrap(),
        )
        .await
        .unwrap();

    vault.destroy(gone).await.unwrap();
    vault.scrub().await.unwrap();

    for record in [LINK, second] {
        assert!(matches!(
            vault.get(gone, record).await,
            Err(VaultError::Destroyed)
        ));
    }
    assert!(vault.get(stays, LINK).await.unwrap().is_some());
    assert!(
        !contains(&disk(folder.path()), wrapped.as_bytes()),
        "the wrapped key is still on disk"
    );
    // The person may come back: under a new key, which does not open the old records.
    vault.put(gone, second, MESSAGE).await.unwrap();
    assert!(matches!(vault.get(gone, LINK).await, Err(VaultError::Destroyed)));
    assert!(vault.get(gone, second).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_added_for_somebody_whose_key_was_destroyed_is_refused_and_makes_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path()).await;
    let (gone, stays) = (vault.resident(&number()), vault.applicant(&[7; 32]));
    for subject in [gone, stays] {
        vault.put(subject, LINK, MESSAGE).await.unwrap();
    }
    let record = Record {
        kind: "record",
        name: "late",
    };
    vault.add(gone, record, MESSAGE).await.unwrap();
    vault.destroy(gone).await.unwrap();
    vault.purge(gone).await.unwrap();
    // Together, as in one group: who is gone does not take the other along.
    let (late, other) = tokio::join!(
        vault.add(gone, record, MESSAGE),
        vault.add(stays, record, MESSAGE)
    );
    assert!(matches!(late, Err(VaultError::Destroyed)));
    other.unwrap();
    assert!(vault.get(gone, record).await.unwrap().is_none());
    assert_eq!(vault.check_keys().await.unwrap(), 1, "a fresh key was made");
}

#[tokio::test]
async fn a_changed_or_moved_record_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path()).await;
    let (one, two) = (vault.applicant(&[1; 32]), vault.applicant(&[2; 32]));
    vault.put(one, LINK, MESSAGE).await.unwrap();
    vault.put(two, LINK, MESSAGE).await.unwrap();
    let url = sqlite_url(&folder.path().join("vault.sqlite"));
    let pool = crate::sql::connect(&url, crate::sql::Access::ReadWrite)
        .await
        .unwrap();
    sqlx::query(
        "UPDATE vault_records SET (key_id, sealed) = \
         (SELECT key_id, sealed FROM vault_records WHERE subject = $1) WHERE subject = $2",
    )
    .bind(one.to_hex())
    .bind(two.to_hex())
    .execute(&pool)
    .await
    .unwrap();
    assert!(
        vault.get(two, LINK).await.is_err(),
        "a record moved to another person opened"
    );
    sqlx::query("UPDATE vault_records SET sealed = replace(sealed, '0', '1') WHERE subject = $1")
        .bind(one.to_hex())
        .execute(&pool)
        .await
        .unwrap();
    assert!(matches!(
        vault.get(one, LINK).await,
        Err(VaultError::Sealed { what: "record" })
    ));
}

#[tokio::test]
async fn another_vault_key_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path()).await;
    let subject = vault.resident(&number());
    vault.put(subject, LINK, MESSAGE).await.unwrap();
    let url = sqlite_url(&folder.path().join("vault.sqlite"));
    let other = Vault::open(&url, &VaultKey::from_bytes([9; 32])).await.unwrap();
    assert_ne!(other.resident(&number()), subject);
    assert!(matches!(
        other.get(subject, LINK).await,
        Err(VaultError::Sealed { .. })
    ));
}

#[tokio::test]
async fn sizes_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path()).await;
    let subject = vault.applicant(&[3; 32]);
    let large = vec![0u8; MAX_RECORD_BYTES + 1];
    assert!(matches!(
        vault.put(subject, LINK, &large).await,
        Err(VaultError::TooLarge { .. })
    ));
    vault.put(subject, LINK, &large[1..]).await.unwrap();
    let name = "x".repeat(129);
    for name in ["", name.as_str()] {
        let record = Record { kind: "link", name };
        assert!(matches!(
            vault.put(subject, record, b"").await,
            Err(VaultError::Name { .. })
        ));
    }
}

#[tokio::test]
async fn a_database_url_of_another_kind_is_refused() {
    for url in ["mysql://x", "/tmp/x.sqlite", "sqlite://x?mode=memory"] {
        let result = Vault::open(url, &VaultKey::from_bytes([0; 32])).await;
        assert!(matches!(result, Err(VaultError::Url(_))), "{url}");
    }
}

#[test]
fn key_files_are_made_once_kept_private_and_refused_when_open_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/vault.key");
    let made = keyfile::read_or_create::<32>(&path, keyfile::random).unwrap();
    let again = keyfile::read_or_create::<32>(&path, keyfile::random).unwrap();
    assert!(made.expose() == again.expose());
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(std::fs::read_dir(folder.path().join("keys")).unwrap().count(), 1);
    assert!(matches!(
        keyfile::read::<16>(&path),
        Err(VaultError::KeyFileContent { .. })
    ));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        keyfile::read::<32>(&path),
        Err(VaultError::KeyFileMode { mode: 0o640, .. })
    ));
}

#[test]
fn resident_numbers_are_checked_part_by_part() {
    // The worked example of GB 11643-1999, annex A: its check character is X.
    assert_eq!(check_digit(b"11010519491231002"), 'X');
    assert!(ResidentNumber::parse("11010519491231002X").is_ok());
    assert!(ResidentNumber::parse("11010519491231002x").is_ok_and(|n| n.expose().ends_with('X')));
    let refused = |text| ResidentNumber::parse(text).err();
    assert_eq!(refused("110105194912310021"), Some(NumberError::CheckDigit));
    assert_eq!(refused("11010519490231002X"), Some(NumberError::Date));
    for text in [
        "",
        "11010519491231002",
        "11010519491231002Y",
        "1101051949123100２X",
        "1101051949123100-2",
    ] {
        assert_eq!(refused(text), Some(NumberError::Shape), "{text}");
    }
}

#[tokio::test]
async fn records_that_are_put_at_once_are_each_kept_with_their_person() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path()).await;
    let subjects = [1u8, 2, 3].map(|case| vault.applicant(&[case; 32]));
    let text = |person: usize, place: usize| format!("record {place} of person {person}");
    let names: Vec<_> = (0..20).map(|place| format!("r{place}")).collect();
    let record = |name| Record { kind: "record", name };
    let mut puts = Vec::new();
    for (person, subject) in subjects.into_iter().enumerate() {
        for (place, name) in names.iter().enumerate() {
            let (vault, message) = (&vault, text(person, place));
            puts.push(async move { vault.put(subject, record(name), message.as_bytes()).await });
        }
    }
    for put in futures::future::join_all(puts).await {
        put.unwrap();
    }
    vault.destroy(subjects[2]).await.unwrap();
    for (person, subject) in subjects.into_iter().enumerate() {
        for (place, name) in names.iter().enumerate() {
            match vault.get(subject, record(name)).await {
                Ok(kept) if person < 2 => {
                    assert_eq!(kept.unwrap().expose(), text(person, place).as_bytes());
                }
                Err(VaultError::Destroyed) if person == 2 => {}
                _ => panic!("record {place} of person {person}"),
            }
        }
    }
}

#[tokio::test]
async fn what_a_vault_writes_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path()).await;
    vault.put(vault.applicant(&[1; 32]), LINK, MESSAGE).await.unwrap();
    for file in ["vault.sqlite", "vault.sqlite-wal", "vault.sqlite-shm"] {
        let mode = std::fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn what_a_statement_sets_aside_is_in_no_temporary_file() {
    use crate::sql::{Access, connect};
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite_url(&folder.path().join("vault.sqlite"));
    let pool = connect(&url, Access::ReadWrite).await.unwrap();
    let kept: i64 = sqlx::query_scalar("PRAGMA temp_store")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(kept, 2, "in memory");
}

#[tokio::test]
async fn no_connection_waits_for_the_memory_of_another() {
    use crate::sql::{Access, connect};
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite_url(&folder.path().join("vault.sqlite"));
    let pool = connect(&url, Access::ReadWrite).await.unwrap();
    let options: Vec<String> = sqlx::query_scalar("PRAGMA compile_options")
        .fetch_all(&pool)
        .await
        .unwrap();
    let has = |option: &str| options.iter().any(|other| other == option);
    assert!(
        has("DEFAULT_MEMSTATUS=0") && !has("ENABLE_MEMORY_MANAGEMENT"),
        "{options:?}"
    );
}

#[tokio::test]
async fn a_database_that_does_not_open_is_named_without_its_password() {
    use crate::sql::{Access, connect, shown};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not there.sqlite");
    let error = connect(&sqlite_url(&path), Access::ReadOnly)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
    assert!(!path.exists());
    for (url, says) in [
        (
            "postgres://me:se@cret@db.internal:5432/x?password=secret",
            "postgres://me@db.internal:5432/x",
        ),
        ("postgres://db.internal/x", "postgres://db.internal/x"),
        (
            "postgres://me:se?cr/e#t@db.internal/x",
            "postgres://me@db.internal/x",
        ),
        ("postgres://me@db.internal/x?password=s@x", "postgres://me@x"),
        ("sqlite:///srv/a@b.sqlite", "sqlite:///srv/a@b.sqlite"),
    ] {
        assert_eq!(shown(url), says);
    }
}
