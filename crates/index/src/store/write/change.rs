//! The SQL of each change. Writing a change twice is the same as once.

use sqlx::{Any, Transaction};

use super::EventRow;
use crate::{
    project::Change,
    store::{
        StoreError,
        value::{hex, int, text},
    },
    words::Status,
};

type Tx = Transaction<'static, Any>;

/// Writes one change.
pub async fn write(tx: &mut Tx, change: &Change, row: &EventRow) -> Result<(), StoreError> {
    match change {
        Change::Organisation { .. }
        | Change::Officer { .. }
        | Change::Contract { .. }
        | Change::Statute { .. }
        | Change::RuleSet { .. }
        | Change::Service { .. }
        | Change::ServiceActive { .. } => registers(tx, change, row).await,
        Change::Consent { .. }
        | Change::ConsentRevoked { .. }
        | Change::Use { .. }
        | Change::Credential { .. }
        | Change::StatusRoot { .. } => records(tx, change, row).await,
        _ => case(tx, change, row).await,
    }
}

/// What the council and the organisations list.
async fn registers(tx: &mut Tx, change: &Change, row: &EventRow) -> Result<(), StoreError> {
    let query = match change {
        Change::Organisation { id, attester, roles, encryption_key, name, gateway } => sqlx::query(
            "INSERT INTO organisations (id, attester, roles, encryption_key, name, gateway) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET attester = excluded.attester, \
             roles = excluded.roles, encryption_key = excluded.encryption_key, name = excluded.name, \
             gateway = excluded.gateway",
        )
        .bind(id.to_string())
        .bind(hex(attester))
        .bind(i64::from(*roles))
        .bind(hex(encryption_key))
        .bind(text(name))
        .bind(text(gateway)),
        Change::Officer { key, organisation, active } => sqlx::query(
            "INSERT INTO officers (officer, organisation, active) VALUES ($1, $2, $3) \
             ON CONFLICT (officer) DO UPDATE SET organisation = excluded.organisation, active = excluded.active",
        )
        .bind(hex(key))
        .bind(organisation.to_string())
        .bind(i64::from(*active)),
        Change::Contract { name, at } => sqlx::query(
            "INSERT INTO contracts (address, name) VALUES ($1, $2) \
             ON CONFLICT (address) DO UPDATE SET name = excluded.name",
        )
        .bind(hex(at))
        .bind(name.to_string()),
        Change::Statute { id, law, article, text_hash, valid_from, valid_to } => sqlx::query(
            "INSERT INTO statutes (id, law, article, text_hash, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO UPDATE SET law = excluded.law, article = excluded.article, \
             text_hash = excluded.text_hash, valid_from = excluded.valid_from, valid_to = excluded.valid_to",
        )
        .bind(hex(id))
        .bind(text(law))
        .bind(text(article))
        .bind(hex(text_hash))
        .bind(int(*valid_from))
        .bind(int(*valid_to)),
        Change::RuleSet { id, publisher } => {
            let (content, encoded) = match &row.rule_set {
                Some(content) => (content.json.clone(), hex(&content.encoded)),
                None => Default::default(),
            };
            sqlx::query(
                "INSERT INTO rule_sets (id, publisher, content, encoded) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
            )
            .bind(hex(id))
            .bind(hex(publisher))
            .bind(content)
            .bind(encoded)
        }
        Change::Service { id, version, service, published_at } => sqlx::query(
            "INSERT INTO services (slug, version, owner, sponsor, package_hash, rule_set, promised_seconds, \
             statutory_seconds, appeal_seconds, active, credential_type, uri, published_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (slug, version) DO NOTHING",
        )
        .bind(id.to_string())
        .bind(i64::from(*version))
        .bind(service.owner.to_string())
        .bind(service.sponsor.to_string())
        .bind(hex(service.package_hash))
        .bind(hex(service.rule_set))
        .bind(i64::from(service.promised_seconds))
        .bind(i64::from(service.statutory_seconds))
        .bind(i64::from(service.appeal_seconds))
        .bind(i64::from(service.active))
        .bind(service.credential_type.to_string())
        .bind(text(&service.uri))
        .bind(int(*published_at)),
        Change::ServiceActive { id, version, active } => {
            sqlx::query("UPDATE services SET active = $1 WHERE slug = $2 AND version = $3")
                .bind(i64::from(*active))
                .bind(id.to_string())
                .bind(i64::from(*version))
        }
        _ => return Ok(()),
    };
    query.execute(&mut **tx).await?;
    Ok(())
}

/// Consents, uses and credentials.
async fn records(tx: &mut Tx, change: &Change, row: &EventRow) -> Result<(), StoreError> {
    let place = &row.place;
    let query = match change {
        Change::Consent { id, grantor, provider, service, valid_to, granted_at, once } => sqlx::query(
            "INSERT INTO consents (id, grantor, provider, service, valid_to, granted_at, once, revoked_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (id, grantor) DO NOTHING",
        )
        .bind(hex(id))
        .bind(hex(grantor))
        .bind(provider.to_string())
        .bind(service.to_string())
        .bind(int(*valid_to))
        .bind(int(*granted_at))
        .bind(i64::from(*once)),
        Change::ConsentRevoked { id, grantor, revoked_at } => {
            sqlx::query("UPDATE consents SET revoked_at = $1 WHERE id = $2 AND grantor = $3")
                .bind(int(*revoked_at))
                .bind(hex(id))
                .bind(hex(grantor))
        }
        Change::Use { tag, case_id, provider, consumer, purpose, basis, mask, ciphertext } => sqlx::query(
            "INSERT INTO uses (tag, case_id, provider, consumer, purpose, basis, mask, ciphertext, block_number, \
             log_index, tx_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tag) DO NOTHING",
        )
        .bind(hex(tag))
        .bind(hex(case_id))
        .bind(provider.to_string())
        .bind(consumer.to_string())
        .bind(purpose.to_string())
        .bind(hex(basis))
        .bind(i64::from(*mask))
        .bind(hex(ciphertext))
        .bind(int(place.block_number))
        .bind(i64::from(place.log_index))
        .bind(hex(place.tx_hash)),
        Change::Credential { case_id, credential_hash, issuer, credential_type, status_index, issued_at } => {
            sqlx::query(
                "INSERT INTO credentials (case_id, credential_hash, issuer, credential_type, status_index, issued_at, \
                 block_number, tx_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                 ON CONFLICT (case_id, credential_hash) DO NOTHING",
            )
            .bind(hex(case_id))
            .bind(hex(credential_hash))
            .bind(issuer.to_string())
            .bind(credential_type.to_string())
            .bind(i64::from(*status_index))
            .bind(int(*issued_at))
            .bind(int(place.block_number))
            .bind(hex(place.tx_hash))
        }
        Change::StatusRoot { issuer, list, root, set_at } => sqlx::query(
            "INSERT INTO status_roots (issuer, list, root, set_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (issuer, list) DO UPDATE SET root = excluded.root, set_at = excluded.set_at",
        )
        .bind(issuer.to_string())
        .bind(hex(list))
        .bind(hex(root))
        .bind(int(*set_at)),
        _ => return Ok(()),
    };
    query.execute(&mut **tx).await?;
    Ok(())
}

/// The life of a case.
async fn case(tx: &mut Tx, change: &Change, row: &EventRow) -> Result<(), StoreError> {
    let place = &row.place;
    let query = match change {
        Change::Case { id, service, version, rule_set, applicant, form, opened_at, promised_by, statutory_by } => {
            sqlx::query(
                "INSERT INTO cases (id, service, version, rule_set, applicant, form, status, cause, events, opened_at, \
                 promised_by, statutory_by, appeal_by, paused_at, frozen, appeals, escalated, decided_seconds, \
                 opened_block, opened_log) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0, $8, $9, $10, 0, 0, 0, 0, 0, -1, $11, $12) \
                 ON CONFLICT (id) DO NOTHING",
            )
            .bind(hex(id))
            .bind(service.to_string())
            .bind(i64::from(*version))
            .bind(hex(rule_set))
            .bind(hex(applicant))
            .bind(hex(form))
            .bind(Status::Asking.as_str())
            .bind(int(*opened_at))
            .bind(int(*promised_by))
            .bind(int(*statutory_by))
            .bind(int(place.block_number))
            .bind(i64::from(place.log_index))
        }
        Change::FactAsked { case_id, predicate, provider } => sqlx::query(
            "INSERT INTO facts (case_id, predicate, provider, state, value, use_tag) \
             VALUES ($1, $2, $3, 'asked', NULL, NULL) ON CONFLICT (case_id, predicate) DO NOTHING",
        )
        .bind(hex(case_id))
        .bind(i64::from(*predicate))
        .bind(provider.to_string()),
        Change::FactAnswered { case_id, predicate, provider, value, use_tag } => sqlx::query(
            "INSERT INTO facts (case_id, predicate, provider, state, value, use_tag) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (case_id, predicate) DO UPDATE SET provider = excluded.provider, state = excluded.state, \
             value = excluded.value, use_tag = excluded.use_tag",
        )
        .bind(hex(case_id))
        .bind(i64::from(*predicate))
        .bind(provider.to_string())
        .bind(if value.is_some() { "known" } else { "unknown" })
        .bind(value.map(i64::from))
        .bind(hex(use_tag)),
        Change::Review { case_id, cause } => {
            sqlx::query("UPDATE cases SET status = $1, cause = $2 WHERE id = $3")
                .bind(Status::Review.as_str())
                .bind(cause.as_str())
                .bind(hex(case_id))
        }
        Change::Paused { case_id, paused_at } => {
            sqlx::query("UPDATE cases SET status = $1, paused_at = $2 WHERE id = $3")
                .bind(Status::Supplement.as_str())
                .bind(int(*paused_at))
                .bind(hex(case_id))
        }
        Change::Resumed { case_id, form, promised_by, statutory_by } => sqlx::query(
            "UPDATE cases SET status = $1, form = $2, promised_by = $3, statutory_by = $4, paused_at = 0 WHERE id = $5",
        )
        .bind(Status::Review.as_str())
        .bind(hex(form))
        .bind(int(*promised_by))
        .bind(int(*statutory_by))
        .bind(hex(case_id)),
        Change::Decision {
            case_id,
            seq,
            service,
            outcome,
            row: index,
            amount_fen,
            reason,
            statute,
            statement,
            officer,
            decided_at,
        } => sqlx::query(
            "INSERT INTO decisions (case_id, seq, service, outcome, row_index, amount_fen, reason, statute, statement, \
             officer, decided_at, block_number, tx_hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (case_id, seq) DO NOTHING",
        )
        .bind(hex(case_id))
        .bind(i64::from(*seq))
        .bind(service.to_string())
        .bind(outcome.as_str())
        .bind(i64::from(*index))
        .bind(int(*amount_fen))
        .bind(reason.to_string())
        .bind(hex(statute))
        .bind(hex(statement))
        .bind(officer.map(hex).unwrap_or_default())
        .bind(int(*decided_at))
        .bind(int(place.block_number))
        .bind(hex(place.tx_hash)),
        Change::Outcome { case_id, status, appeal_by, decided_at } => sqlx::query(
            "UPDATE cases SET status = $1, cause = '', appeal_by = $2, frozen = 0, decided_seconds = \
             CASE WHEN decided_seconds < 0 THEN $3 - opened_at ELSE decided_seconds END WHERE id = $4",
        )
        .bind(status.as_str())
        .bind(int(*appeal_by))
        .bind(int(*decided_at))
        .bind(hex(case_id)),
        Change::Appeal { case_id, promised_by, statutory_by } => sqlx::query(
            "UPDATE cases SET status = $1, cause = $2, promised_by = $3, statutory_by = $4, frozen = 1, \
             appeal_by = 0, escalated = 0, appeals = appeals + 1 WHERE id = $5",
        )
        .bind(Status::Review.as_str())
        .bind(crate::words::Cause::Appeal.as_str())
        .bind(int(*promised_by))
        .bind(int(*statutory_by))
        .bind(hex(case_id)),
        Change::Escalated { case_id } => {
            sqlx::query("UPDATE cases SET escalated = 1 WHERE id = $1").bind(hex(case_id))
        }
        Change::Closed { case_id } => sqlx::query("UPDATE cases SET status = $1 WHERE id = $2")
            .bind(Status::Closed.as_str())
            .bind(hex(case_id)),
        _ => return Ok(()),
    };
    query.execute(&mut **tx).await?;
    Ok(())
}
