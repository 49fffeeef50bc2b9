//! Copies of an embedded vault, taken while it is written: records and keys apart, so that keys can be kept elsewhere and for
//! less long.

use std::path::Path;

use sqlx::Any;
use sqlx::pool::PoolConnection;

use crate::VaultError;
use crate::sql::{self, Access};
use crate::store::SCHEMA;

/// How much was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Sealed records.
    pub records: u64,
    /// Wrapped keys.
    pub keys: u64,
}

/// Copies the vault in the file `vault`, as it is at one moment, into two new or empty files: one with its records, one with
/// its keys, wrapped as they are.
///
/// # Errors
/// A database fails.
pub async fn split(vault: &Path, records: &Path, keys: &Path) -> Result<Copied, VaultError> {
    let keys_alone = SCHEMA.replace("EXISTS vault_keys", "EXISTS keys.vault_keys");
    let statements = format!(
        "{SCHEMA} {keys_alone} BEGIN; \
         INSERT INTO main.vault_records SELECT {RECORD} FROM source.vault_records; \
         INSERT INTO keys.vault_keys SELECT {KEY} FROM source.vault_keys; COMMIT; {ONE_FILE}"
    );
    fill(records, &[(vault, "source"), (keys, "keys")], statements, "keys").await
}

/// Makes the vault in the new or empty file `vault` from what [`split`] made.
///
/// # Errors
/// A database fails, or what it has does not fit together.
pub async fn join(records: &Path, keys: &Path, vault: &Path) -> Result<Copied, VaultError> {
    let statements = format!(
        "{SCHEMA} BEGIN; INSERT INTO main.vault_records SELECT {RECORD} FROM records.vault_records; \
         INSERT INTO main.vault_keys SELECT {KEY} FROM keys.vault_keys; COMMIT; {ONE_FILE}"
    );
    fill(vault, &[(records, "records"), (keys, "keys")], statements, "main").await
}

/// Copies a whole SQLite database that is written meanwhile, as it is at one moment, into a new or empty file.
///
/// # Errors
/// A database fails.
pub async fn copy(from: &Path, to: &Path) -> Result<(), VaultError> {
    let pool = sql::connect(&sql::sqlite_url(from), Access::ReadWrite).await?;
    let statement = format!("VACUUM INTO {}", quoted(to));
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&pool).await;
    pool.close().await;
    done?;
    Ok(())
}

/// Whether SQLite finds nothing wrong with a file.
///
/// # Errors
/// It does not open.
pub async fn is_whole(path: &Path) -> Result<bool, VaultError> {
    let pool = sql::connect(&sql::sqlite_url(path), Access::ReadOnly).await?;
    let found: Result<Vec<String>, _> = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_all(&pool)
        .await;
    pool.close().await;
    Ok(found? == ["ok"])
}

const RECORD: &str = "subject, kind, name, key_id, sealed";
const KEY: &str = "subject, key_id, wrapped";
/// Leaves one file, without a log beside it.
const ONE_FILE: &str = "PRAGMA main.journal_mode = DELETE;";

async fn fill(
    main: &Path,
    others: &[(&Path, &str)],
    statements: String,
    keys_in: &str,
) -> Result<Copied, VaultError> {
    let pool = sql::connect(&sql::sqlite_url(main), Access::ReadWrite).await?;
    let done = async {
        let mut connection = pool.acquire().await?;
        for (path, name) in others {
            run(
                &mut connection,
                format!("ATTACH DATABASE {} AS {name}", quoted(path)),
            )
            .await?;
        }
        run(&mut connection, statements).await?;
        Ok(Copied {
            records: count(&mut connection, "main.vault_records").await?,
            keys: count(&mut connection, &format!("{keys_in}.vault_keys")).await?,
        })
    };
    let done = done.await;
    pool.close().await;
    done
}

async fn run(connection: &mut PoolConnection<Any>, statements: String) -> Result<(), VaultError> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements))
        .execute(&mut **connection)
        .await?;
    Ok(())
}

async fn count(connection: &mut PoolConnection<Any>, table: &str) -> Result<u64, VaultError> {
    let statement = format!("SELECT COUNT(*) FROM {table}");
    let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
        .fetch_one(&mut **connection)
        .await?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

/// A path as SQL text.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "''"))
}
