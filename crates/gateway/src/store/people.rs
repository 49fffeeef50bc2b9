//! What the register of people is to be made to say.

use alloy_primitives::B256;
use sqlx::Row;

use super::{Store, StoreError, hex, int, read, unsigned};

/// A seat, and the leaf that is to be on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedLeaf {
    /// The seat.
    pub seat: B256,
    /// `None`: it is to be empty.
    pub leaf: Option<B256>,
    /// How often the contract refused it.
    pub tries: u32,
}

impl Store {
    /// Wants a leaf on a seat, whatever was wanted before.
    ///
    /// # Errors
    /// The database fails.
    pub async fn want_leaf(&self, seat: B256, leaf: Option<B256>) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO people_wanted (seat, leaf, tries, due_ms) VALUES ($1, $2, 0, 0) ON CONFLICT (seat) DO UPDATE SET \
             leaf = excluded.leaf, tries = 0, due_ms = 0",
        )
        .bind(hex(seat))
        .bind(text(leaf))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// What is due, the longest first; what was refused `max_tries` times stays and is not.
    ///
    /// # Errors
    /// The database fails.
    pub async fn wanted_leaves(
        &self,
        now_ms: u64,
        max_tries: u32,
        limit: usize,
    ) -> Result<Vec<WantedLeaf>, StoreError> {
        let rows = sqlx::query(
            "SELECT seat, leaf, tries FROM people_wanted WHERE due_ms <= $1 AND tries < $2 \
             ORDER BY due_ms, seat LIMIT $3",
        )
        .bind(int(now_ms))
        .bind(int(max_tries))
        .bind(int(limit as u64))
        .fetch_all(&self.reads)
        .await?;
        rows.iter()
            .map(|row| {
                let (seat, leaf): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                Ok(WantedLeaf {
                    seat: read("seat", &seat)?,
                    leaf: match leaf.as_str() {
                        "" => None,
                        leaf => Some(read("leaf", leaf)?),
                    },
                    tries: unsigned("tries", row.try_get(2)?)?,
                })
            })
            .collect()
    }

    /// It is so: nothing is wanted any more, unless something else is since.
    ///
    /// # Errors
    /// The database fails.
    pub async fn leaf_done(&self, done: &WantedLeaf) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM people_wanted WHERE seat = $1 AND leaf = $2")
            .bind(hex(done.seat))
            .bind(text(done.leaf))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// It is not so yet: looks again later, unless something else is wanted since.
    ///
    /// # Errors
    /// The database fails.
    pub async fn leaf_later(&self, wanted: &WantedLeaf, tries: u32, due_ms: u64) -> Result<(), StoreError> {
        sqlx::query("UPDATE people_wanted SET tries = $3, due_ms = $4 WHERE seat = $1 AND leaf = $2")
            .bind(hex(wanted.seat))
            .bind(text(wanted.leaf))
            .bind(int(tries))
            .bind(int(due_ms))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn text(leaf: Option<B256>) -> String {
    leaf.map(hex).unwrap_or_default()
}
