//! Opening a database by URL: SQLite embedded, or PostgreSQL.

use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{AnyPool, Row as _};

use crate::VaultError;

/// Connections a pool keeps at most.
pub const MAX_CONNECTIONS: u32 = 4;
/// Connections to a SQLite file that is written: it has one writer, and a second one would be told that the database is
/// busy in the middle of a transaction that began by reading.
const MAX_SQLITE_WRITERS: u32 = 1;
/// How long a caller waits for a free connection.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a log is tried to be emptied while another process reads the database.
const MAX_SCRUBS: u32 = 50;
const SCRUB_PAUSE: Duration = Duration::from_millis(100);

/// Takes what was deleted off the disk: SQLite overwrites it in the file (`secure_delete`), and here its log is emptied.
/// In PostgreSQL it goes with the next `VACUUM`.
///
/// # Errors
/// [`VaultError::NotScrubbed`] if another process reads the database all the time.
pub async fn scrub(pool: &AnyPool) -> Result<(), VaultError> {
    if pool.connect_options().database_url.scheme() != "sqlite" {
        return Ok(());
    }
    for _ in 0..MAX_SCRUBS {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(pool)
            .await?;
        if row.try_get::<i64, _>(0)? == 0 {
            return Ok(());
        }
        tokio::time::sleep(SCRUB_PAUSE).await;
    }
    Err(VaultError::NotScrubbed)
}

/// Whether a pool may write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads and writes; a SQLite file is made if it is missing.
    ReadWrite,
    /// Reads alone, enforced by the database.
    ReadOnly,
}

/// `sqlite:` URL of a file.
pub fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// Opens a pool. SQLite runs in WAL mode, syncs every commit, and overwrites what it deletes.
///
/// # Errors
/// The URL is neither `sqlite:` nor `postgres:`, or the database does not open.
pub async fn connect(url: &str, access: Access) -> Result<AnyPool, VaultError> {
    install_default_drivers();
    let is_sqlite = url.starts_with("sqlite:");
    let (url, setup) = if is_sqlite {
        if url.contains('?') {
            return Err(VaultError::Url("a sqlite url takes no parameters".into()));
        }
        match access {
            Access::ReadWrite => (
                format!("{url}?mode=rwc"),
                "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; \
                 PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON",
            ),
            Access::ReadOnly => (
                format!("{url}?mode=ro"),
                "PRAGMA busy_timeout = 15000; PRAGMA query_only = ON",
            ),
        }
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let setup = match access {
            Access::ReadWrite => "SET synchronous_commit = on",
            // The database itself ends what runs longer than any mapping allows.
            Access::ReadOnly => "SET default_transaction_read_only = on; SET statement_timeout = '10s'",
        };
        (url.to_owned(), setup)
    } else {
        return Err(VaultError::Url("must begin with sqlite: or postgres:".into()));
    };
    let connections = if is_sqlite && access == Access::ReadWrite {
        MAX_SQLITE_WRITERS
    } else {
        MAX_CONNECTIONS
    };
    Ok(AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(move |connection, _| {
            Box::pin(async move { sqlx::raw_sql(setup).execute(connection).await.map(|_| ()) })
        })
        .connect(&url)
        .await?)
}
