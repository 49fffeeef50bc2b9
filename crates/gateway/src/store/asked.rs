//! What is asked about an exchange, or by an officer's every request: those that ask at the same time are answered by one
//! statement.

use std::collections::HashMap;

use sqlx::any::AnyRow;
use sqlx::{AnyPool, AssertSqlSafe, Row as _};
use zhengtong_vault::batch::{Batch, Together};
use zhengtong_vault::sql::{padded, rows};

use super::{
    CaseRow, LinkRow, RequestContext, RequestKey, SessionRow, StoreError, WishContext, WishKey, cases,
    context, links, sessions,
};

/// One task for each kind of read.
#[derive(Clone)]
pub(super) struct Asked {
    pub cases: Batch<String, Option<CaseRow>, StoreError>,
    pub links: Batch<String, Option<LinkRow>, StoreError>,
    pub requests: Batch<RequestKey, RequestContext, StoreError>,
    pub sessions: Batch<String, Option<SessionRow>, StoreError>,
    pub wishes: Batch<WishKey, WishContext, StoreError>,
}

impl Asked {
    pub fn start(reads: &AnyPool) -> Self {
        Self {
            cases: start(reads, cases::cases_of),
            links: start(reads, links::links_of),
            requests: start(reads, context::requests_of),
            sessions: start(reads, sessions::sessions_of),
            wishes: start(reads, context::wishes_of),
        }
    }
}

fn start<Q, A>(
    reads: &AnyPool,
    read: for<'q> fn(AnyPool, &'q [Q]) -> Together<'q, A, StoreError>,
) -> Batch<Q, A, StoreError>
where
    Q: Send + Sync + 'static,
    A: Send + 'static,
{
    let reads = reads.clone();
    Batch::start(move |questions| read(reads.clone(), questions))
}

/// The row that each of `keys` has, if it has one: `select` ends where the keys begin, and has the key in its first column.
pub(super) async fn rows_of<T: Clone>(
    reads: AnyPool,
    select: &str,
    keys: &[String],
    read: impl Fn(&AnyRow) -> Result<T, StoreError>,
) -> Result<Vec<Option<T>>, StoreError> {
    let padded: Vec<_> = padded(keys).collect();
    let query = format!("{select} IN (VALUES {})", rows(padded.len(), 1));
    let mut query = sqlx::query(AssertSqlSafe(query));
    for key in padded {
        query = query.bind(key.clone());
    }
    let found = query.fetch_all(&reads).await?;
    let found = found.iter().map(|row| Ok((row.try_get(0)?, read(row)?)));
    let found = found.collect::<Result<HashMap<String, T>, StoreError>>()?;
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}
