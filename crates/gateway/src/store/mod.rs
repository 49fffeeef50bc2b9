//! The gateway's store in SQL: what it learnt from the chain, what it still has to do, who is signed in.
//!
//! Personal data never comes here; it rests in the vault.

mod access;
mod accounts;
mod allowance;
mod apply;
mod asked;
mod cases;
mod context;
mod counters;
mod credentials;
mod deletions;
mod exchange;
mod forgotten;
mod group;
mod guardianships;
mod jobs;
mod known;
mod links;
mod my_data;
mod officers;
pub mod openid;
mod outbox;
mod passkeys;
mod people;
mod public;
mod requests;
mod sessions;
mod statements;

use std::fmt::LowerHex;
use std::path::Path;
use std::sync::Arc;

use alloy_primitives::hex::FromHex;
use sqlx::{AnyPool, AssertSqlSafe};
use thiserror::Error;
use zhengtong_client::Checkpoint;
use zhengtong_vault::VaultError;
use zhengtong_vault::batch::Closed;
use zhengtong_vault::sql::{self, Access};

pub use access::{
    ACT_FOR_ANOTHER, MAX_REFUSALS_KEPT, MAX_SIGN_INS_KEPT, PolicyChangeRow, RefusalRow, SIGN_IN,
};
pub use accounts::{Approved, MAX_WAITING_RECOVERIES, RecoveryRow, SignerRow};
pub use allowance::{AllowanceKey, Counted};
pub use cases::{CaseRow, HistoryRow, QueueCursor, Status};
pub use context::{RequestContext, RequestKey, WishContext, WishKey};
pub use counters::Counters;
pub use credentials::CredentialRow;
pub use deletions::{DeletionRow, HoldRow, RetentionRow};
pub use exchange::{AttemptRow, ConsentRow, Direction, ExchangeRow, FirstUse, MAX_ATTEMPTS_KEPT};
pub use guardianships::GuardianshipRow;
pub use jobs::{Job, JobKind, Waiting};
pub use links::LinkRow;
pub use my_data::UseRow;
pub use officers::{LoginRow, OfficerRow, VouchedRow};
pub use outbox::{Batch, Begun, OutboxRow, OutboxState, SignedRow, status_root_id};
pub use passkeys::{PasskeyRow, PutPasskey, VouchRow};
pub use people::WantedLeaf;
pub use public::{DelegationRow, ServiceRow, StatuteRow};
pub use requests::{RequestRow, RequestStatus};
pub use sessions::SessionRow;
pub use statements::{Author, StatementRow};

/// One file a subject; all of them may run again.
const SCHEMA: [&str; 11] = [
    include_str!("schema.sql"),
    include_str!("access.sql"),
    include_str!("accounts.sql"),
    include_str!("allowance.sql"),
    include_str!("exchange.sql"),
    include_str!("guardianships.sql"),
    include_str!("my_data.sql"),
    include_str!("oidc.sql"),
    include_str!("passkeys.sql"),
    include_str!("people.sql"),
    openid::SCHEMA,
];

/// Columns that tables of earlier versions do not have: table, column, and what it is.
const ADDED: [(&str, &str, &str); 1] = [("exchange_attempts", "claimed", "TEXT NOT NULL DEFAULT ''")];

/// Why the store failed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database.
    #[error("the store's database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// It did not open.
    #[error(transparent)]
    Open(#[from] VaultError),
    /// The store is being closed.
    #[error("the store is closed")]
    Closed,
    /// Something in it cannot be read.
    #[error("the store holds a malformed {0}")]
    Malformed(&'static str),
}

impl From<Closed> for StoreError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

/// The store. Clones share the pool.
#[derive(Clone)]
pub struct Store {
    /// Writes, and reads within a transaction that writes.
    pool: AnyPool,
    /// Reads: in SQLite nobody who reads waits for the one who writes.
    reads: AnyPool,
    group: group::Group,
    /// Reads of which many wait at the same time.
    asked: asked::Asked,
    known: Arc<known::Known>,
}

impl Store {
    /// Opens the store at a `sqlite:` or `postgres:` URL, making its tables if they are missing.
    ///
    /// # Errors
    /// The database does not open.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let pool = sql::connect(url, Access::ReadWrite).await?;
        for tables in SCHEMA {
            sqlx::raw_sql(tables).execute(&pool).await?;
        }
        for (table, column, kind) in ADDED {
            let look = AssertSqlSafe(format!("SELECT {column} FROM {table} LIMIT 1"));
            if let Err(sqlx::Error::Database(_)) = sqlx::query(look).fetch_optional(&pool).await {
                let add = AssertSqlSafe(format!("ALTER TABLE {table} ADD COLUMN {column} {kind}"));
                sqlx::raw_sql(add).execute(&pool).await?;
            }
        }
        sql::keep_out_of_statistics(&pool, &deletions::PRIVATE).await?;
        let reads = sql::readers(url, &pool).await?;
        let group = group::start(pool.clone());
        Ok(Self {
            asked: asked::Asked::start(&reads),
            pool,
            reads,
            group,
            known: Arc::default(),
        })
    }

    /// A fact about the store itself, e.g. which network it belongs to.
    ///
    /// # Errors
    /// The database fails.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let query = sqlx::query_scalar("SELECT value FROM meta WHERE name = $1").bind(name.to_owned());
        Ok(query.fetch_optional(&self.reads).await?)
    }

    /// Sets a fact about the store itself.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_meta(&self, name: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query(SET_META)
            .bind(name.to_owned())
            .bind(value.to_owned())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The last block that was applied.
    ///
    /// # Errors
    /// The database fails.
    pub async fn checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let text = self.meta(CHECKPOINT).await?;
        text.as_deref().map(read_checkpoint).transpose()
    }

    /// What a copy of an embedded store says about itself. Nothing in the file is changed.
    ///
    /// # Errors
    /// The file is not a store.
    pub async fn look_into(path: &Path) -> Result<Looked, StoreError> {
        let pool = sql::connect(&sql::sqlite_url(path), Access::ReadOnly).await?;
        let looked = async {
            let notes: Vec<(String, String)> = sqlx::query_as("SELECT name, value FROM meta")
                .fetch_all(&pool)
                .await?;
            let deletions: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM deletions")
                .fetch_one(&pool)
                .await?;
            let note = |name: &str| {
                notes
                    .iter()
                    .find(|(kept, _)| kept == name)
                    .map(|(_, value)| value.clone())
            };
            Ok(Looked {
                network: note("network"),
                organisation: note("organisation"),
                checkpoint: note(CHECKPOINT).as_deref().map(read_checkpoint).transpose()?,
                deletions: unsigned("number of deletions", deletions)?,
            })
        };
        let looked = looked.await;
        pool.close().await;
        looked
    }
}

/// See [`Store::look_into`].
#[derive(Clone, Debug)]
pub struct Looked {
    /// The network's key.
    pub network: Option<String>,
    /// Whose it is.
    pub organisation: Option<String>,
    /// The last block that was applied.
    pub checkpoint: Option<Checkpoint>,
    /// Deletions that were carried out.
    pub deletions: u64,
}

/// Whether a text from outside can be what something is kept under: PostgreSQL takes none with a zero byte.
fn can_be_kept(text: &str) -> bool {
    !text.contains('\0')
}

fn read_checkpoint(text: &str) -> Result<Checkpoint, StoreError> {
    let (number, hash) = text.split_once(' ').ok_or(StoreError::Malformed("checkpoint"))?;
    let number = number.parse().map_err(|_| StoreError::Malformed("checkpoint"))?;
    Ok(Checkpoint {
        number,
        hash: read("checkpoint", hash)?,
    })
}

const CHECKPOINT: &str = "checkpoint";
const ALLOWANCE_ISSUER: &str = "allowance-issuer";
const SET_META: &str =
    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// As the store spells hashes and addresses.
fn hex(value: impl LowerHex) -> String {
    format!("{value:#x}")
}

/// Undoes [`hex`].
fn read<T: FromHex>(what: &'static str, text: &str) -> Result<T, StoreError> {
    T::from_hex(text).map_err(|_| StoreError::Malformed(what))
}

/// Numbers on chain fit into what SQL has: times, counters and amounts are far below 2^63.
fn int(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

fn unsigned<T: TryFrom<i64>>(what: &'static str, value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::Malformed(what))
}
