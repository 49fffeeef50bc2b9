//! What is asked about an exchange, or by an officer's every request: those that ask at the same time are answered by one
//! statement.

use std::collections::HashMap;

use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row as _};
use zhengtong_vault::batch::Batch;
use zhengtong_vault::sql::among;

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
            cases: Batch::over(reads.clone(), cases::cases_of),
            links: Batch::over(reads.clone(), links::links_of),
            requests: Batch::over(reads.clone(), context::requests_of),
            sessions: Batch::over(reads.clone(), sessions::sessions_of),
            wishes: Batch::over(reads.clone(), context::wishes_of),
        }
    }
}

/// The row that each of `keys` has, if it has one: `select` ends where the keys begin, and has the key in its first column.
pub(super) async fn rows_of<T: Clone>(
    reads: AnyPool,
    select: &str,
    keys: &[String],
    read: impl Fn(&AnyRow) -> Result<T, StoreError>,
) -> Result<Vec<Option<T>>, StoreError> {
    let found = among(select, keys, "").fetch_all(&reads).await?;
    let found = found.iter().map(|row| Ok((row.try_get(0)?, read(row)?)));
    let found = found.collect::<Result<HashMap<String, T>, StoreError>>()?;
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}
