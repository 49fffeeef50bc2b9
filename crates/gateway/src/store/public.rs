//! What verified blocks said about organisations, officers, laws, services and consents.

use alloy_primitives::{Address, B256};
use sqlx::Row;

use super::{Store, StoreError, hex, int, read, unsigned};

/// A statute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatuteRow {
    /// The law.
    pub law: String,
    /// Its article.
    pub article: String,
    /// First second in force.
    pub valid_from: u64,
    /// First second no longer in force; 0 if open.
    pub valid_to: u64,
}

impl StatuteRow {
    /// Whether it is in force.
    pub fn in_force(&self, at_s: u64) -> bool {
        self.valid_from <= at_s && (self.valid_to == 0 || at_s < self.valid_to)
    }
}

/// A version of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceRow {
    /// The organisation that decides.
    pub owner: B256,
    /// Hash of the package.
    pub package: B256,
}

/// A delegation, as the chain has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelegationRow {
    /// Hash of its terms.
    pub document: B256,
    /// Unix seconds: the first at which it no longer holds.
    pub until_s: u64,
    /// Whether one of the two ended it.
    pub ended: bool,
}

impl Store {
    /// Attester and roles of an organisation.
    ///
    /// # Errors
    /// The database fails.
    pub async fn organisation(&self, id: B256) -> Result<Option<(Address, u32)>, StoreError> {
        let since = match self.known.get(|facts| &mut facts.organisations, &id) {
            Ok(known) => return Ok(Some(known)),
            Err(since) => since,
        };
        let row = sqlx::query("SELECT attester, roles FROM organisations WHERE id = $1")
            .bind(hex(id))
            .fetch_optional(&self.reads)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let attester: String = row.try_get(0)?;
        let found = (read("attester", &attester)?, unsigned("roles", row.try_get(1)?)?);
        self.known.put(|facts| &mut facts.organisations, since, id, found);
        Ok(Some(found))
    }

    /// Whether this key is an active officer of the organisation.
    ///
    /// # Errors
    /// The database fails.
    pub async fn is_officer(&self, address: Address, organisation: B256) -> Result<bool, StoreError> {
        let since = match self
            .known
            .get(|facts| &mut facts.officers, &(address, organisation))
        {
            Ok(known) => return Ok(known),
            Err(since) => since,
        };
        let found: Option<i64> =
            sqlx::query_scalar("SELECT active FROM officers WHERE address = $1 AND organisation = $2")
                .bind(hex(address))
                .bind(hex(organisation))
                .fetch_optional(&self.reads)
                .await?;
        if let Some(active) = found {
            let place = (address, organisation);
            self.known
                .put(|facts| &mut facts.officers, since, place, active == 1);
        }
        Ok(found == Some(1))
    }

    /// A statute.
    ///
    /// # Errors
    /// The database fails.
    pub async fn statute(&self, id: B256) -> Result<Option<StatuteRow>, StoreError> {
        let since = match self.known.get(|facts| &mut facts.statutes, &id) {
            Ok(known) => return Ok(Some(known)),
            Err(since) => since,
        };
        let row = sqlx::query("SELECT law, article, valid_from, valid_to FROM statutes WHERE id = $1")
            .bind(hex(id))
            .fetch_optional(&self.reads)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let found = StatuteRow {
            law: row.try_get(0)?,
            article: row.try_get(1)?,
            valid_from: unsigned("valid_from", row.try_get(2)?)?,
            valid_to: unsigned("valid_to", row.try_get(3)?)?,
        };
        self.known
            .put(|facts| &mut facts.statutes, since, id, found.clone());
        Ok(Some(found))
    }

    /// A version of a service.
    ///
    /// # Errors
    /// The database fails.
    pub async fn service(&self, id: B256, version: u32) -> Result<Option<ServiceRow>, StoreError> {
        let since = match self.known.get(|facts| &mut facts.services, &(id, version)) {
            Ok(known) => return Ok(Some(known)),
            Err(since) => since,
        };
        let row = sqlx::query("SELECT owner, package FROM services WHERE id = $1 AND version = $2")
            .bind(hex(id))
            .bind(int(version))
            .fetch_optional(&self.reads)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (owner, package): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let found = ServiceRow {
            owner: read("owner", &owner)?,
            package: read("package", &package)?,
        };
        self.known
            .put(|facts| &mut facts.services, since, (id, version), found);
        Ok(Some(found))
    }

    /// The delegation registered under a key.
    ///
    /// # Errors
    /// The database fails.
    pub async fn delegation(&self, key: Address) -> Result<Option<DelegationRow>, StoreError> {
        let row = sqlx::query("SELECT document, until_s, ended FROM delegations WHERE key = $1")
            .bind(hex(key))
            .fetch_optional(&self.reads)
            .await?;
        row.map(|row| {
            let document: String = row.try_get(0)?;
            Ok(DelegationRow {
                document: read("document", &document)?,
                until_s: unsigned("until_s", row.try_get(1)?)?,
                ended: row.try_get::<i64, _>(2)? == 1,
            })
        })
        .transpose()
    }
}
