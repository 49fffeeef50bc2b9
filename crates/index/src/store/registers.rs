//! Reading what is listed: contracts, organisations, statutes, rule sets, services.

use alloy_primitives::{Address, B256};
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    value::{hex, narrow, parse, uint},
};
use crate::view::{
    chain::{Organisation, RuleSetJson, RuleSetView, Statute},
    service::PublishedService,
};

/// Organisations, statutes and services listed at most; the council lists a few hundred.
const MAX_LISTED: i64 = 10_000;

impl Store {
    /// Contracts named by `ContractSet`, with their names.
    pub async fn contracts(&self) -> Result<Vec<(Address, String)>, StoreError> {
        let rows = sqlx::query("SELECT address, name FROM contracts")
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| Ok((parse("contracts", "address", row.try_get(0)?)?, row.try_get(1)?)))
            .collect()
    }

    pub async fn organisations(&self) -> Result<Vec<Organisation>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, name, roles, attester, encryption_key, gateway FROM organisations ORDER BY id LIMIT $1",
        )
        .bind(MAX_LISTED)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Organisation {
                    id: row.try_get("id")?,
                    name: row.try_get("name")?,
                    roles: narrow("organisations", "roles", row.try_get("roles")?)?,
                    attester: row.try_get("attester")?,
                    encryption_key: row.try_get("encryption_key")?,
                    gateway: row.try_get("gateway")?,
                })
            })
            .collect()
    }

    pub async fn statutes(&self) -> Result<Vec<Statute>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, law, article, text_hash, valid_from, valid_to FROM statutes ORDER BY law, article, id LIMIT $1",
        )
        .bind(MAX_LISTED)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let valid_to: i64 = row.try_get("valid_to")?;
                Ok(Statute {
                    id: row.try_get("id")?,
                    law: row.try_get("law")?,
                    article: row.try_get("article")?,
                    text_hash: row.try_get("text_hash")?,
                    valid_from: uint(row.try_get("valid_from")?),
                    valid_to: (valid_to > 0).then(|| uint(valid_to)),
                })
            })
            .collect()
    }

    pub async fn rule_set(&self, id: B256) -> Result<Option<RuleSetView>, StoreError> {
        let row = sqlx::query("SELECT id, publisher, content, encoded FROM rule_sets WHERE id = $1")
            .bind(hex(id))
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(RuleSetView {
            id: row.try_get("id")?,
            publisher: row.try_get("publisher")?,
            content: content(row.try_get("content")?)?,
            encoded: row.try_get("encoded")?,
        }))
    }

    pub(super) async fn rule_set_content(&self, id: &str) -> Result<Option<RuleSetJson>, StoreError> {
        let json: Option<String> = sqlx::query_scalar("SELECT content FROM rule_sets WHERE id = $1")
            .bind(id.to_owned())
            .fetch_optional(&self.pool)
            .await?;
        json.map(content).transpose()
    }

    /// The latest version of every service on the chain.
    pub async fn latest_services(&self) -> Result<Vec<PublishedService>, StoreError> {
        let rows = sqlx::query(
            "SELECT slug, version, owner, sponsor, package_hash, rule_set, promised_seconds, statutory_seconds, \
             appeal_seconds, active, credential_type, uri, published_at FROM services AS s \
             WHERE version = (SELECT MAX(version) FROM services AS t WHERE t.slug = s.slug) ORDER BY slug LIMIT $1",
        )
        .bind(MAX_LISTED)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(service).collect()
    }
}

fn content(json: String) -> Result<RuleSetJson, StoreError> {
    serde_json::from_str(&json).map_err(|_| StoreError::Corrupt {
        table: "rule_sets",
        column: "content",
        value: json,
    })
}

fn service(row: &AnyRow) -> Result<PublishedService, StoreError> {
    Ok(PublishedService {
        slug: row.try_get("slug")?,
        version: narrow("services", "version", row.try_get("version")?)?,
        owner: row.try_get("owner")?,
        sponsor: row.try_get("sponsor")?,
        package_hash: row.try_get("package_hash")?,
        rule_set: row.try_get("rule_set")?,
        promised_seconds: narrow("services", "promised_seconds", row.try_get("promised_seconds")?)?,
        statutory_seconds: narrow("services", "statutory_seconds", row.try_get("statutory_seconds")?)?,
        appeal_seconds: narrow("services", "appeal_seconds", row.try_get("appeal_seconds")?)?,
        active: row.try_get::<i64, _>("active")? != 0,
        credential_type: row.try_get("credential_type")?,
        uri: row.try_get("uri")?,
        published_at: uint(row.try_get("published_at")?),
    })
}
