//! Who was deleted here lately: what was said before is not taken any more.
//!
//! A digest stands for the pseudonym, which a deletion takes off the disk: only whoever is told the person again, with the
//! vault's key, can find it.

use alloy_primitives::keccak256;
use zhengtong_vault::Subject;

use super::{Store, StoreError, hex, int, unsigned};

fn digest(subject: Subject) -> String {
    hex(keccak256(format!("forgotten/{}", subject.to_hex())))
}

impl Store {
    /// Takes note that somebody is deleted from this second on. Before anything of theirs goes: whoever keeps something about
    /// them and finds no note afterwards has kept it before the deletion looked.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_forgotten(&self, subject: Subject, at_s: u64) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO forgotten (who, at_s) VALUES ($1, $2) ON CONFLICT (who) DO UPDATE SET at_s = excluded.at_s",
        )
        .bind(digest(subject))
        .bind(int(at_s))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// When somebody was deleted, unix seconds; `None` if that was not lately.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forgotten_at(&self, subject: Subject) -> Result<Option<u64>, StoreError> {
        let at_s: Option<i64> = sqlx::query_scalar("SELECT at_s FROM forgotten WHERE who = $1")
            .bind(digest(subject))
            .fetch_optional(&self.reads)
            .await?;
        at_s.map(|at_s| unsigned("time of a deletion", at_s)).transpose()
    }

    /// Drops the notes of deletions before a second: whatever was said before them is too old by itself.
    ///
    /// # Errors
    /// The database fails.
    pub async fn clean_forgotten(&self, before_s: u64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM forgotten WHERE at_s < $1")
            .bind(int(before_s))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
