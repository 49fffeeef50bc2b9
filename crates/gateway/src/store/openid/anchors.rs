use alloy_primitives::B256;
use sqlx::AnyConnection;

use crate::store::{Store, StoreError, hex};

impl Store {
    /// The certificates (DER) of the authorities that the chain trusts for an organisation's credential keys.
    ///
    /// # Errors
    /// The database fails.
    pub async fn anchors(&self, issuer: B256) -> Result<Vec<Vec<u8>>, StoreError> {
        let rows: Vec<String> =
            sqlx::query_scalar("SELECT certificate FROM anchors WHERE issuer = $1 AND trusted = 1")
                .bind(hex(issuer))
                .fetch_all(&self.pool)
                .await?;
        rows.iter()
            .map(|text| alloy_primitives::hex::decode(text).map_err(|_| StoreError::Malformed("anchor")))
            .collect()
    }

    /// Whether the organisation owns a published version of a service with this package.
    ///
    /// # Errors
    /// The database fails.
    pub async fn owns_package(&self, owner: B256, package: B256) -> Result<bool, StoreError> {
        let found: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM services WHERE owner = $1 AND package = $2")
                .bind(hex(owner))
                .bind(hex(package))
                .fetch_one(&self.pool)
                .await?;
        Ok(found > 0)
    }

    pub(in crate::store) async fn set_anchor(
        db: &mut AnyConnection,
        issuer: B256,
        fingerprint: B256,
        certificate: &[u8],
        trusted: bool,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO anchors (issuer, fingerprint, certificate, trusted) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (issuer, fingerprint) DO UPDATE SET trusted = excluded.trusted",
        )
        .bind(hex(issuer))
        .bind(hex(fingerprint))
        .bind(alloy_primitives::hex::encode(certificate))
        .bind(i64::from(trusted))
        .execute(db)
        .await?;
        Ok(())
    }
}
