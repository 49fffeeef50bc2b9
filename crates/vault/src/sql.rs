//! Opening a database by URL: SQLite embedded, or PostgreSQL.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::any::{AnyArguments, AnyPoolOptions, install_default_drivers};
use sqlx::query::Query;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Any, AnyPool, AssertSqlSafe, Row as _, Transaction};

use crate::VaultError;

/// Connections a pool keeps at most.
pub const MAX_CONNECTIONS: u32 = 8;
/// Connections to a SQLite file that is written: it has one writer, and a second one would be told that the database is
/// busy in the middle of a transaction that began by reading.
const MAX_SQLITE_WRITERS: u32 = 1;
/// How long a caller waits for a free connection.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a log is tried to be emptied while another process reads the database.
const MAX_SCRUBS: u32 = 50;
const SCRUB_PAUSE: Duration = Duration::from_millis(100);

/// Takes what was deleted off the disk.
///
/// - SQLite overwrites it in the file (`secure_delete`); here its log is emptied.
/// - PostgreSQL keeps dead rows, and plain `VACUUM` leaves their bytes in the pages: `tables` and their indexes are written
///   anew (`VACUUM FULL`), once no transaction is left that may still see what was deleted. Its write-ahead log is the
///   server's: `docs/operations.md` says how long it has them, and how they go.
///
/// # Errors
/// [`VaultError::NotScrubbed`] if something reads the database all the time.
pub async fn scrub(pool: &AnyPool, tables: &[&'static str]) -> Result<(), VaultError> {
    if is_postgres(pool) {
        return rewrite(pool, tables).await;
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

async fn rewrite(pool: &AnyPool, tables: &[&'static str]) -> Result<(), VaultError> {
    // Whoever has a snapshot from before this transaction may see what was deleted before it, and VACUUM keeps it for them.
    let now: String = sqlx::query_scalar("SELECT CAST(CAST(pg_current_xact_id() AS xid) AS text)")
        .fetch_one(pool)
        .await?;
    for _ in 0..MAX_SCRUBS {
        let readers: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
             AND age(backend_xmin) >= age(CAST($1 AS xid))",
        )
        .bind(now.clone())
        .fetch_one(pool)
        .await?;
        if readers == 0 {
            for table in tables {
                let statement = format!("VACUUM (FULL) {table}");
                sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await?;
            }
            return Ok(());
        }
        tokio::time::sleep(SCRUB_PAUSE).await;
    }
    Err(VaultError::NotScrubbed)
}

/// Keeps values of these columns (table, column) out of PostgreSQL's statistics: its samples of them would outlive a
/// deletion. Nothing to do in SQLite.
///
/// # Errors
/// The database fails.
pub async fn keep_out_of_statistics(
    pool: &AnyPool,
    columns: &[(&'static str, &'static str)],
) -> Result<(), VaultError> {
    if !is_postgres(pool) {
        return Ok(());
    }
    for (table, column) in columns {
        let statement = format!("ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await?;
    }
    Ok(())
}

/// Whether a pool is of PostgreSQL, and not of SQLite.
pub fn is_postgres(pool: &AnyPool) -> bool {
    pool.connect_options().database_url.scheme() != "sqlite"
}

/// Begins to write. SQLite lets whoever began by reading become a writer only if nobody else writes, and does not wait: whoever
/// begins here waits.
///
/// # Errors
/// The database fails.
pub async fn begin(pool: &AnyPool) -> Result<Transaction<'static, Any>, sqlx::Error> {
    if is_postgres(pool) {
        pool.begin().await
    } else {
        pool.begin_with("BEGIN IMMEDIATE").await
    }
}

/// Whether a database did not answer, rather than refuse what it was asked.
pub fn is_unreachable(error: &sqlx::Error) -> bool {
    // PostgreSQL that is being stopped, has crashed, or is starting.
    const GOING_OR_COMING: [&str; 3] = ["57P01", "57P02", "57P03"];
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| GOING_OR_COMING.contains(&code.as_ref())),
        _ => false,
    }
}

/// Whether a pool may write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads and writes; a SQLite file is made if it is missing.
    ReadWrite,
    /// Reads alone, enforced by the database.
    ReadOnly,
}

/// A pool for reads beside the one that writes: SQLite's readers do not wait for its writer. In PostgreSQL it is the same.
///
/// # Errors
/// As [`connect`].
pub async fn readers(url: &str, writer: &AnyPool) -> Result<AnyPool, VaultError> {
    if is_postgres(writer) {
        return Ok(writer.clone());
    }
    connect(url, Access::ReadOnly).await
}

/// Places for the values of `count` rows of `width` each, in a statement about several at once: `($1, $2), ($3, $4)`. In
/// SQLite each statement costs two changes of threads, whatever it is about.
pub fn rows(count: usize, width: usize) -> String {
    joined((0..count).map(|row| format!("({})", places(row, width))))
}

/// The places of one row among several.
fn places(row: usize, width: usize) -> String {
    joined((1..=width).map(|place| format!("${}", row * width + place)))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// Places for a statement that answers several questions of `width` values each, with the question's number as the first
/// column: `(0, $1, $2), (1, $3, $4)`. It is written for so many that few such statements are kept prepared; [`padded`] has
/// their values.
pub fn numbered(count: usize, width: usize) -> String {
    let written = 0..count.next_power_of_two();
    joined(written.map(|row| format!("({row}, {})", places(row, width))))
}

/// The questions of a statement as [`numbered`] writes it: the last one is asked again until there are enough.
pub fn padded<Q>(questions: &[Q]) -> impl Iterator<Item = &Q> {
    let again = questions.len().next_power_of_two() - questions.len();
    questions
        .iter()
        .chain(questions.last().into_iter().cycle().take(again))
}

/// A statement about `count` things, whose text depends on how many they are: kept prepared for one alone, which is common.
pub fn about<'q>(count: usize, statement: String) -> Query<'q, Any, AnyArguments> {
    sqlx::query(AssertSqlSafe(statement)).persistent(count == 1)
}

/// A statement about the rows that have one of these keys: `select` ends where they begin, `ending` comes after them.
pub fn among(select: &str, keys: &[String], ending: &str) -> Query<'static, Any, AnyArguments> {
    let keys: Vec<_> = padded(keys).collect();
    let statement = format!("{select} IN (VALUES {}) {ending}", rows(keys.len(), 1));
    let query = sqlx::query(AssertSqlSafe(statement));
    keys.into_iter().fold(query, |query, key| query.bind(key.clone()))
}

/// `sqlite:` URL of a file.
pub fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// A database's URL as it may be shown: without a password, and without parameters, among which one may be.
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://").filter(|_| !is_file(url)) else {
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

fn is_file(url: &str) -> bool {
    url.starts_with("sqlite:")
}

/// The file of a `sqlite:` URL, as the driver reads it; none is a database in memory.
fn file(url: &str) -> Result<Option<PathBuf>, VaultError> {
    if url.ends_with(":memory:") {
        return Ok(None);
    }
    let options = SqliteConnectOptions::from_str(url).map_err(|error| VaultError::Url(error.to_string()))?;
    Ok(Some(options.get_filename().to_owned()))
}

/// What an organisation keeps is its own: SQLite makes files that others may read, and gives its log and index the
/// permissions of the file.
fn make_private(path: &Path) -> Result<(), VaultError> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(VaultError::File {
            path: path.into(),
            source,
        }),
    }
}

/// The driver does not name a file that is missing.
fn is_there(path: PathBuf) -> Result<(), VaultError> {
    match std::fs::metadata(&path) {
        Ok(_) => Ok(()),
        Err(source) => Err(VaultError::File { path, source }),
    }
}

/// Opens a pool. SQLite runs in WAL mode, syncs every commit, overwrites what it deletes, and keeps what a statement sets aside
/// in memory: a temporary file would hold pages as they were before, and is not overwritten.
///
/// # Errors
/// The URL is neither `sqlite:` nor `postgres:`, or the database does not open: [`VaultError::Open`].
pub async fn connect(url: &str, access: Access) -> Result<AnyPool, VaultError> {
    install_default_drivers();
    let is_sqlite = is_file(url);
    let named = shown(url);
    let (url, setup) = if is_sqlite {
        if url.contains('?') {
            return Err(VaultError::Url("a sqlite url takes no parameters".into()));
        }
        if let Some(path) = file(url)? {
            match access {
                Access::ReadWrite => make_private(&path)?,
                Access::ReadOnly => is_there(path)?,
            }
        }
        match access {
            Access::ReadWrite => (
                format!("{url}?mode=rwc"),
                "PRAGMA busy_timeout = 15000; PRAGMA journal_mode = WAL; \
                 PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON; \
                 PRAGMA temp_store = MEMORY",
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
    let opened = AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A connection to a file does not break while nobody uses it; asking it would cost two thread switches a query.
        .test_before_acquire(!is_sqlite)
        .after_connect(move |connection, _| {
            Box::pin(async move { sqlx::raw_sql(setup).execute(connection).await.map(|_| ()) })
        })
        .connect(&url)
        .await;
    opened.map_err(|source| VaultError::Open {
        database: named,
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::{numbered, padded, rows};

    #[test]
    fn places_of_several_rows_are_numbered_through() {
        assert_eq!(rows(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(rows(1, 1), "($1)");
        assert_eq!(rows(0, 2), "");
    }

    #[test]
    fn questions_are_padded_to_a_power_of_two() {
        assert_eq!(numbered(1, 2), "(0, $1, $2)");
        assert_eq!(numbered(3, 1), "(0, $1), (1, $2), (2, $3), (3, $4)");
        let asked = |count: usize| padded(&[1, 2, 3, 4][..count]).copied().collect::<Vec<_>>();
        assert_eq!(
            (asked(1), asked(3), asked(4)),
            (vec![1], vec![1, 2, 3, 3], vec![1, 2, 3, 4])
        );
    }
}
