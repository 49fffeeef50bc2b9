//! Sealed records as they rest; those that are wanted at the same time are read by one statement.

use std::collections::HashMap;

use sqlx::{AnyPool, Row as _};

use crate::batch::Batch;
use crate::sql::{numbered, padded};
use crate::{Subject, VaultError};

/// Which record is wanted.
pub(crate) struct Place {
    pub subject: Subject,
    pub kind: &'static str,
    pub name: String,
}

/// A record as it rests.
pub(crate) struct SealedRecord {
    pub key_id: String,
    /// In hex.
    pub sealed: String,
    /// The person's key; none if it was destroyed.
    pub wrapped: Option<String>,
}

/// The one task that reads them.
pub(crate) type Reads = Batch<Place, Option<SealedRecord>, VaultError>;

pub(crate) fn start(pool: AnyPool) -> Reads {
    Batch::over(pool, |pool, places| {
        Box::pin(async move { together(&pool, places).await })
    })
}

async fn together(pool: &AnyPool, places: &[Place]) -> Result<Vec<Option<SealedRecord>>, VaultError> {
    let query = format!(
        "WITH asked (number, subject, kind, name) AS (VALUES {}) SELECT a.number, r.key_id, r.sealed, k.wrapped FROM asked a \
         JOIN vault_records r ON r.subject = a.subject AND r.kind = a.kind AND r.name = a.name \
         LEFT JOIN vault_keys k ON k.key_id = r.key_id AND k.subject = r.subject",
        numbered(places.len(), 3)
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(query));
    for place in padded(places) {
        query = query
            .bind(place.subject.to_hex())
            .bind(place.kind)
            .bind(place.name.clone());
    }
    let mut found = HashMap::with_capacity(places.len());
    for row in query.fetch_all(pool).await? {
        let record = SealedRecord {
            key_id: row.try_get(1)?,
            sealed: row.try_get(2)?,
            wrapped: row.try_get(3)?,
        };
        found.insert(row.try_get::<i64, _>(0)?, record);
    }
    Ok((0..)
        .take(places.len())
        .map(|place| found.remove(&place))
        .collect())
}
