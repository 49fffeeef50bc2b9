//! The read model in SQL: SQLite embedded, or PostgreSQL by URL, with the same statements.

pub mod cases;
pub mod cursor;
pub mod events;
pub mod registers;
pub mod statistics;
mod value;
mod write;

use std::{str::FromStr, time::Duration};

use sqlx::{AnyPool, any::AnyPoolOptions, migrate::Migrator};
use zhengtong_types::NetworkInfo;

use crate::project::PROJECTION_VERSION;

pub use cursor::Cursor;
pub use write::{Applied, Batch, EventRow};

/// Connections to the database; SQLite has one writer at a time whatever the number.
const MAX_CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const SQLITE_BUSY_TIMEOUT_MS: u32 = 10_000;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Every table of the read model, for a rebuild.
const TABLES: &[&str] = &[
    "meta",
    "cursor",
    "contracts",
    "organisations",
    "officers",
    "statutes",
    "rule_sets",
    "services",
    "cases",
    "facts",
    "decisions",
    "uses",
    "consents",
    "credentials",
    "status_roots",
    "events",
];

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the index database {database} does not open: {source}; look whether it is there and serves this user (`database`)"
    )]
    Open {
        /// Its URL, without a password.
        database: String,
        source: sqlx::Error,
    },
    #[error("the index database cannot be used: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the index database cannot be brought to this version: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error(
        "the index database belongs to network {found} but this is network {expected}; \
         use another database, or rebuild this one"
    )]
    WrongNetwork { found: String, expected: String },
    #[error("unknown database URL scheme {scheme:?}; use sqlite:<path> or postgres://…")]
    UnknownScheme { scheme: String },
    #[error("the index database holds a value that cannot be read: {table}.{column} = {value:?}")]
    Corrupt {
        table: &'static str,
        column: &'static str,
        value: String,
    },
    #[error("block {got} does not follow block {at}; the index stops here")]
    Gap { at: u64, got: u64 },
    #[error(
        "block {number} has parent {parent}, but the index holds {expected}: finalized blocks never change; the index stops here"
    )]
    WrongParent {
        number: u64,
        parent: String,
        expected: String,
    },
    #[error(
        "block {number} is {got}, but the index holds {held}: finalized blocks never change; the index stops here"
    )]
    Fork { number: u64, held: String, got: String },
    #[error("event {name} of case {case_id} has seq {got}, but {expected} was next; the index stops here")]
    Sequence {
        name: &'static str,
        case_id: String,
        expected: i64,
        got: u32,
    },
    #[error("another process writes to this index database")]
    TwoWriters,
}

/// A database of the index, checked to belong to one network.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
}

/// Which of the two databases a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

impl FromStr for Kind {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        match url.split(':').next().unwrap_or_default() {
            "sqlite" => Ok(Kind::Sqlite),
            "postgres" | "postgresql" => Ok(Kind::Postgres),
            scheme => Err(StoreError::UnknownScheme {
                scheme: scheme.to_owned(),
            }),
        }
    }
}

/// A database's URL as it may be shown: without a password, and without parameters, among which one may be.
fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://").filter(|_| !url.starts_with("sqlite:")) else {
        return url.split('?').next().unwrap_or_default().to_owned();
    };
    // First, since a password may have any character in it.
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => (user.split([':', '@', '/', '?']).next(), place),
        None => (None, rest),
    };
    let place = place.split('?').next().unwrap_or_default();
    match user {
        Some(user) => format!("{scheme}://{user}@{place}"),
        None => format!("{scheme}://{place}"),
    }
}

impl Store {
    /// Opens (and makes, for SQLite) the database and brings its tables to this version.
    ///
    /// Refuses a database of another network. With `rebuild`, or when the projection has changed
    /// since the rows were written, every row is deleted and the cursor goes back to the genesis.
    pub async fn open(url: &str, network: &NetworkInfo, rebuild: bool) -> Result<Self, StoreError> {
        let kind = Kind::from_str(url)?;
        let database = shown(url);
        sqlx::any::install_default_drivers();
        let url = match kind {
            Kind::Sqlite if !url.contains('?') => format!("{url}?mode=rwc"),
            _ => url.to_owned(),
        };
        let pool = AnyPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(kind != Kind::Sqlite)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if kind == Kind::Sqlite {
                        sqlx::raw_sql("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
                            .execute(&mut *connection)
                            .await?;
                        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
                            "PRAGMA busy_timeout = {SQLITE_BUSY_TIMEOUT_MS}"
                        )))
                        .execute(&mut *connection)
                        .await?;
                    }
                    Ok(())
                })
            })
            .connect(&url)
            .await
            .map_err(|source| StoreError::Open { database, source })?;
        MIGRATIONS.run(&pool).await?;
        let store = Self { pool };
        if rebuild {
            store.clear().await?;
        }
        store.claim(network).await?;
        Ok(store)
    }

    /// Ends every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Checks that the rows belong to `network` and to this version, or writes that they do.
    async fn claim(&self, network: &NetworkInfo) -> Result<(), StoreError> {
        let expected = describe(network);
        match self.meta("network").await? {
            Some(found) if found != expected => return Err(StoreError::WrongNetwork { found, expected }),
            Some(_) => {
                let version = PROJECTION_VERSION.to_string();
                if self.meta("projection").await? == Some(version) {
                    return Ok(());
                }
                tracing::info!("the index was written by another version and is rebuilt from the chain");
                self.clear().await?;
            }
            None => {}
        }
        let mut tx = self.pool.begin().await?;
        for (name, value) in [
            ("network", expected),
            ("projection", PROJECTION_VERSION.to_string()),
        ] {
            sqlx::query("INSERT INTO meta (name, value) VALUES ($1, $2)")
                .bind(name)
                .bind(value)
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query("INSERT INTO cursor (id, number, hash, timestamp_ms) VALUES (1, 0, $1, 0)")
            .bind(format!("{:#x}", network.genesis_hash))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn clear(&self) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        for table in TABLES {
            sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}")))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let value = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1")
            .bind(name.to_owned())
            .fetch_optional(&self.pool)
            .await?;
        Ok(value)
    }
}

fn describe(network: &NetworkInfo) -> String {
    format!(
        "{} (chain id {}, genesis {:#x})",
        network.name, network.chain_id, network.genesis_hash
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_shown_without_its_password() {
        for (url, says) in [
            (
                "postgres://index:secret@db.internal:5432/x?password=secret",
                "postgres://index@db.internal:5432/x",
            ),
            ("postgres://db.internal/x", "postgres://db.internal/x"),
            ("sqlite:/srv/index.sqlite", "sqlite:/srv/index.sqlite"),
        ] {
            assert_eq!(shown(url), says);
        }
    }
}
