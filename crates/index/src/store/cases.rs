//! Reading cases.

use alloy_primitives::B256;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    value::{hex, narrow, uint},
};
use crate::{
    view::{
        PageRequest,
        case::{Case, CaseSummary, CredentialRecord, Decision, Fact, FactState, UseRecord},
        chain::RuleSetJson,
    },
    words::{Cause, Outcome, Slug, Status},
};

/// Use records shown with a case; a case has a few.
const MAX_USES: i64 = 1_000;
/// The row number that means "no row".
const NO_ROW: i64 = 255;

const SUMMARY: &str = "SELECT id, service, version, status, cause, opened_at, promised_by, statutory_by, appeal_by, \
     paused_at, frozen, escalated, appeals, rule_set, applicant, form FROM cases";

/// Which cases to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    pub service: Option<Slug>,
    pub status: Option<Status>,
}

impl Store {
    /// One page of cases, newest first, and how many there are.
    pub async fn cases(
        &self,
        filter: &CaseFilter,
        page: PageRequest,
    ) -> Result<(u64, Vec<CaseSummary>), StoreError> {
        let service = filter.service.as_ref().map(Slug::to_string).unwrap_or_default();
        let status = filter.status.map(Status::as_str).unwrap_or_default();
        const WHERE: &str = " WHERE ($1 = '' OR service = $1) AND ($2 = '' OR status = $2)";
        let total: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM cases{WHERE}")))
                .bind(service.clone())
                .bind(status)
                .fetch_one(&self.pool)
                .await?;
        let sql = format!("{SUMMARY}{WHERE} ORDER BY opened_block DESC, opened_log DESC LIMIT $3 OFFSET $4");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(service)
            .bind(status)
            .bind(i64::from(page.per_page))
            .bind(super::value::int(page.offset()))
            .fetch_all(&self.pool)
            .await?;
        Ok((uint(total), rows.iter().map(summary).collect::<Result<_, _>>()?))
    }

    /// A case with everything about it.
    pub async fn case(&self, id: B256) -> Result<Option<Case>, StoreError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("{SUMMARY} WHERE id = $1")))
            .bind(hex(id))
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let rule_set: String = row.try_get("rule_set")?;
        let content = self.rule_set_content(&rule_set).await?;
        Ok(Some(Case {
            summary: summary(&row)?,
            applicant: row.try_get("applicant")?,
            form: row.try_get("form")?,
            facts: self.facts(id, content.as_ref()).await?,
            decision: self.decision(id).await?,
            uses: self.uses(id).await?,
            events: self.case_events(id).await?,
            credential: self.credential(id).await?,
            rule_set,
        }))
    }

    async fn facts(&self, id: B256, rules: Option<&RuleSetJson>) -> Result<Vec<Fact>, StoreError> {
        let rows = sqlx::query(
            "SELECT predicate, provider, state, value, use_tag FROM facts WHERE case_id = $1 ORDER BY predicate",
        )
        .bind(hex(id))
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let index: u8 = narrow("facts", "predicate", row.try_get("predicate")?)?;
                let state: String = row.try_get("state")?;
                let value: Option<i64> = row.try_get("value")?;
                Ok(Fact {
                    predicate: rules
                        .and_then(|rules| rules.predicates.get(usize::from(index)))
                        .map_or_else(|| index.to_string(), |predicate| predicate.id.clone()),
                    index,
                    provider: row.try_get("provider")?,
                    state: match state.as_str() {
                        "asked" => FactState::Asked,
                        "known" => FactState::Known,
                        "unknown" => FactState::Unknown,
                        _ => {
                            return Err(StoreError::Corrupt {
                                table: "facts",
                                column: "state",
                                value: state,
                            });
                        }
                    },
                    value: value.map(|value| narrow("facts", "value", value)).transpose()?,
                    use_tag: row.try_get("use_tag")?,
                })
            })
            .collect()
    }

    async fn decision(&self, id: B256) -> Result<Option<Decision>, StoreError> {
        let row = sqlx::query(
            "SELECT seq, outcome, row_index, amount_fen, reason, statute, statement, officer, decided_at, \
             block_number, tx_hash FROM decisions WHERE case_id = $1 ORDER BY seq DESC LIMIT 1",
        )
        .bind(hex(id))
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let index: i64 = row.try_get("row_index")?;
        let officer: String = row.try_get("officer")?;
        let outcome: String = row.try_get("outcome")?;
        Ok(Some(Decision {
            seq: narrow("decisions", "seq", row.try_get("seq")?)?,
            outcome: word("decisions", "outcome", outcome, Outcome::parse)?,
            row: (index != NO_ROW)
                .then(|| narrow("decisions", "row_index", index))
                .transpose()?,
            amount_fen: uint(row.try_get("amount_fen")?),
            reason: row.try_get("reason")?,
            statute: row.try_get("statute")?,
            statement: row.try_get("statement")?,
            officer: (!officer.is_empty()).then_some(officer),
            decided_at: uint(row.try_get("decided_at")?),
            block_number: uint(row.try_get("block_number")?),
            tx_hash: row.try_get("tx_hash")?,
        }))
    }

    async fn uses(&self, id: B256) -> Result<Vec<UseRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT tag, provider, consumer, purpose, basis, mask, ciphertext, block_number, tx_hash FROM uses \
             WHERE case_id = $1 ORDER BY block_number, log_index LIMIT $2",
        )
        .bind(hex(id))
        .bind(MAX_USES)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(UseRecord {
                    tag: row.try_get("tag")?,
                    provider: row.try_get("provider")?,
                    consumer: row.try_get("consumer")?,
                    purpose: row.try_get("purpose")?,
                    basis: row.try_get("basis")?,
                    mask: narrow("uses", "mask", row.try_get("mask")?)?,
                    ciphertext: row.try_get("ciphertext")?,
                    block_number: uint(row.try_get("block_number")?),
                    tx_hash: row.try_get("tx_hash")?,
                })
            })
            .collect()
    }

    async fn credential(&self, id: B256) -> Result<Option<CredentialRecord>, StoreError> {
        let row = sqlx::query(
            "SELECT issuer, credential_type, credential_hash, status_index, issued_at, block_number, tx_hash \
             FROM credentials WHERE case_id = $1 ORDER BY block_number DESC LIMIT 1",
        )
        .bind(hex(id))
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(CredentialRecord {
            issuer: row.try_get("issuer")?,
            credential_type: row.try_get("credential_type")?,
            credential_hash: row.try_get("credential_hash")?,
            status_index: narrow("credentials", "status_index", row.try_get("status_index")?)?,
            issued_at: uint(row.try_get("issued_at")?),
            block_number: uint(row.try_get("block_number")?),
            tx_hash: row.try_get("tx_hash")?,
        }))
    }
}

fn summary(row: &AnyRow) -> Result<CaseSummary, StoreError> {
    let status: String = row.try_get("status")?;
    let cause: String = row.try_get("cause")?;
    let set = |seconds: i64| (seconds > 0).then(|| uint(seconds));
    Ok(CaseSummary {
        id: row.try_get("id")?,
        service: row.try_get("service")?,
        version: narrow("cases", "version", row.try_get("version")?)?,
        status: word("cases", "status", status, Status::parse)?,
        cause: (!cause.is_empty())
            .then(|| word("cases", "cause", cause, Cause::parse))
            .transpose()?,
        opened_at: uint(row.try_get("opened_at")?),
        promised_by: uint(row.try_get("promised_by")?),
        statutory_by: uint(row.try_get("statutory_by")?),
        appeal_by: set(row.try_get("appeal_by")?),
        paused_at: set(row.try_get("paused_at")?),
        frozen: row.try_get::<i64, _>("frozen")? != 0,
        escalated: row.try_get::<i64, _>("escalated")? != 0,
        appeals: narrow("cases", "appeals", row.try_get("appeals")?)?,
    })
}

fn word<T>(
    table: &'static str,
    column: &'static str,
    word: String,
    parse: fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    parse(&word).ok_or(StoreError::Corrupt {
        table,
        column,
        value: word,
    })
}
