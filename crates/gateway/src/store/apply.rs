//! Applies a block: all its changes and the cursor, in one transaction, each change idempotent.

use alloy_primitives::B256;
use sqlx::AnyConnection;
use zhengtong_client::Checkpoint;
use zhengtong_vault::sql::{self, about, rows};

use super::jobs::insert_job;
use super::{CHECKPOINT, JobKind, SET_META, Status, Store, StoreError, Waiting, exchange, hex, int};
use crate::app::project::{Change, Event, Happening, Opened, cause_word};

/// The most uses that one statement takes note of.
const MAX_RECORDED_AT_ONCE: usize = 256;

impl Store {
    /// Applies what a block changed, for the organisation `me`.
    ///
    /// # Errors
    /// The database fails: then nothing was applied.
    pub async fn apply(
        &self,
        changes: &[Change],
        block: Checkpoint,
        me: B256,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let mut transaction = sql::begin(&self.pool).await?;
        for change in changes {
            apply(&mut transaction, change, me, now_ms).await?;
        }
        put_recorded(&mut transaction, changes).await?;
        let at = format!("{} {}", block.number, hex(block.hash));
        sqlx::query(SET_META)
            .bind(CHECKPOINT)
            .bind(at)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.known.changed(changes);
        Ok(())
    }
}

async fn apply(db: &mut AnyConnection, change: &Change, me: B256, now_ms: u64) -> Result<(), StoreError> {
    match change {
        Change::AllowanceIssuer { organisation } => {
            sqlx::query(SET_META)
                .bind(super::ALLOWANCE_ISSUER)
                .bind(hex(organisation))
                .execute(db)
                .await?;
        }
        Change::Account(change) => super::accounts::apply(db, change).await?,
        Change::Organisation {
            id,
            attester,
            roles,
            encryption,
            gateway,
        } => {
            exchange::put_organisation_keys(&mut *db, *id, *encryption, gateway).await?;
            sqlx::query(
                "INSERT INTO organisations (id, attester, roles) VALUES ($1, $2, $3) ON CONFLICT (id) \
                 DO UPDATE SET attester = excluded.attester, roles = excluded.roles",
            )
            .bind(hex(id))
            .bind(hex(attester))
            .bind(int(*roles))
            .execute(db)
            .await?;
        }
        Change::Anchor {
            issuer,
            fingerprint,
            certificate,
            trusted,
        } => Store::set_anchor(db, *issuer, *fingerprint, certificate, *trusted).await?,
        Change::Officer {
            address,
            organisation,
            active,
        } => {
            sqlx::query(
                "INSERT INTO officers (address, organisation, active) VALUES ($1, $2, $3) ON CONFLICT (address) \
                 DO UPDATE SET organisation = excluded.organisation, active = excluded.active",
            )
            .bind(hex(address))
            .bind(hex(organisation))
            .bind(i64::from(*active))
            .execute(db)
            .await?;
        }
        Change::Statute {
            id,
            law,
            article,
            valid_from,
            valid_to,
        } => {
            sqlx::query(
                "INSERT INTO statutes (id, law, article, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (id) DO UPDATE SET valid_to = excluded.valid_to",
            )
            .bind(hex(id))
            .bind(law.clone())
            .bind(article.clone())
            .bind(int(*valid_from))
            .bind(int(*valid_to))
            .execute(db)
            .await?;
        }
        Change::Service {
            id,
            version,
            owner,
            package,
        } => {
            sqlx::query(
                "INSERT INTO services (id, version, owner, package) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (id, version) DO NOTHING",
            )
            .bind(hex(id))
            .bind(int(*version))
            .bind(hex(owner))
            .bind(hex(package))
            .execute(db)
            .await?;
        }
        Change::Granted {
            id,
            grantor,
            provider,
            service,
            until_s,
            once,
        } => {
            sqlx::query(
                "INSERT INTO consents (id, grantor, provider, service, until_s, once, revoked) \
                 SELECT $1, $2, $3, $4, $5, $7, 0 WHERE $3 = $6 OR EXISTS \
                 (SELECT 1 FROM services s WHERE s.id = $4 AND s.owner = $6) ON CONFLICT (id, grantor) DO NOTHING",
            )
            .bind(hex(id))
            .bind(hex(grantor))
            .bind(hex(provider))
            .bind(hex(service))
            .bind(int(*until_s))
            .bind(hex(me))
            .bind(i64::from(*once))
            .execute(&mut *db)
            .await?;
            sqlx::query("UPDATE jobs SET due_ms = 0, waiting = '' WHERE state = 'open' AND waiting = $1")
                .bind(Waiting::Basis.as_str())
                .execute(db)
                .await?;
        }
        Change::Revoked { id, grantor } => {
            sqlx::query("UPDATE consents SET revoked = 1 WHERE id = $1 AND grantor = $2")
                .bind(hex(id))
                .bind(hex(grantor))
                .execute(db)
                .await?;
        }
        Change::Delegated {
            key,
            document,
            until_s,
        } => {
            sqlx::query(
                "INSERT INTO delegations (key, document, until_s, ended) VALUES ($1, $2, $3, 0) \
                 ON CONFLICT (key) DO NOTHING",
            )
            .bind(hex(key))
            .bind(hex(document))
            .bind(int(*until_s))
            .execute(db)
            .await?;
        }
        Change::DelegationEnded { key } => {
            sqlx::query("UPDATE delegations SET ended = 1 WHERE key = $1")
                .bind(hex(key))
                .execute(db)
                .await?;
        }
        Change::Asked(ask) => {
            insert_job(db, JobKind::Ask, ask.case_id, ask.seq, &ask.to_body(), now_ms).await?;
        }
        Change::Opened(opened) => open(db, opened, me).await?,
        Change::Happened {
            case_id,
            happening,
            event,
        } => {
            if let Some(takes_uses) = happening.takes_uses() {
                rest(db, case_id, !takes_uses).await?;
            }
            if is_ours(db, case_id).await? {
                remember(db, case_id, event).await?;
                happen(db, case_id, happening, event.seq, now_ms).await?;
            }
        }
        // A block may have many: they are written at once.
        Change::Recorded { .. } => {}
        Change::Issued { case_id, hash } => {
            sqlx::query("UPDATE credentials SET issued = 1 WHERE case_id = $1 AND hash = $2")
                .bind(hex(case_id))
                .bind(hex(hash))
                .execute(db)
                .await?;
        }
    }
    Ok(())
}

/// Takes note of the uses that are on record, a few hundred a statement.
async fn put_recorded(db: &mut AnyConnection, changes: &[Change]) -> Result<(), StoreError> {
    let recorded: Vec<_> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Recorded {
                tag,
                tx_hash,
                case_id,
                basis,
            } => Some([tag, tx_hash, case_id, basis]),
            _ => None,
        })
        .collect();
    for some in recorded.chunks(MAX_RECORDED_AT_ONCE) {
        let mut query = about(
            some.len(),
            format!(
                "INSERT INTO recorded (tag, tx_hash, case_id, basis) VALUES {} ON CONFLICT (tag) DO NOTHING",
                rows(some.len(), 4)
            ),
        );
        for word in some.iter().flatten() {
            query = query.bind(hex(word));
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Takes note of whether a case rests in which this organisation was asked something.
async fn rest(db: &mut AnyConnection, case_id: &B256, rests: bool) -> Result<(), StoreError> {
    let statement = if rests {
        "INSERT INTO resting_cases (case_id) SELECT $1 WHERE EXISTS \
         (SELECT 1 FROM jobs WHERE case_id = $1 AND kind = 'ask') ON CONFLICT (case_id) DO NOTHING"
    } else {
        "DELETE FROM resting_cases WHERE case_id = $1"
    };
    sqlx::query(statement).bind(hex(case_id)).execute(db).await?;
    Ok(())
}

async fn is_ours(db: &mut AnyConnection, case_id: &B256) -> Result<bool, StoreError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT version FROM cases WHERE id = $1")
        .bind(hex(case_id))
        .fetch_optional(db)
        .await?;
    Ok(found.is_some())
}

/// Keeps the case if its service is this organisation's.
async fn open(db: &mut AnyConnection, opened: &Opened, me: B256) -> Result<(), StoreError> {
    let done = sqlx::query(
        "INSERT INTO cases (id, service, version, applicant, rule_set, form, status, cause, row_index, opened_at, \
         promised_by, statutory_by, appeal_by, paused_at, frozen, escalated, amount_fen, officer) \
         SELECT $1, s.id, s.version, $4, $5, $6, 'asking', '', 255, $7, $8, $9, 0, 0, 0, 0, 0, '' \
         FROM services s WHERE s.id = $2 AND s.version = $3 AND s.owner = $10 \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(hex(opened.case_id))
    .bind(hex(opened.service))
    .bind(int(opened.version))
    .bind(hex(opened.applicant))
    .bind(hex(opened.rule_set))
    .bind(hex(opened.form))
    .bind(int(opened.opened_at))
    .bind(int(opened.promised_by))
    .bind(int(opened.statutory_by))
    .bind(hex(me))
    .execute(&mut *db)
    .await?;
    if done.rows_affected() > 0 {
        remember(db, &opened.case_id, &opened.event).await?;
    }
    Ok(())
}

async fn remember(db: &mut AnyConnection, case_id: &B256, event: &Event) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO history (case_id, seq, name, args, statement, block_number, block_time_ms, tx_hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (case_id, seq) DO NOTHING",
    )
    .bind(hex(case_id))
    .bind(int(event.seq))
    .bind(event.name)
    .bind(event.args.to_string())
    .bind(if event.statement.is_zero() {
        String::new()
    } else {
        hex(event.statement)
    })
    .bind(int(event.block_number))
    .bind(int(event.block_time_ms))
    .bind(hex(event.tx_hash))
    .execute(db)
    .await?;
    Ok(())
}

async fn happen(
    db: &mut AnyConnection,
    case_id: &B256,
    happening: &Happening,
    seq: u32,
    now_ms: u64,
) -> Result<(), StoreError> {
    let id = hex(case_id);
    let query = match happening {
        Happening::Nothing => return Ok(()),
        Happening::Review { cause, row } => {
            sqlx::query("UPDATE cases SET status = 'review', cause = $2, row_index = $3 WHERE id = $1")
                .bind(id)
                .bind(cause_word(*cause))
                .bind(i64::from(*row))
        }
        Happening::Supplement { at_s } => {
            sqlx::query("UPDATE cases SET status = 'supplement', paused_at = $2 WHERE id = $1").bind(id).bind(int(*at_s))
        }
        Happening::Supplemented { form, promised_by, statutory_by } => sqlx::query(
            "UPDATE cases SET status = 'review', paused_at = 0, form = $2, promised_by = $3, statutory_by = $4 \
             WHERE id = $1",
        )
        .bind(id)
        .bind(hex(form))
        .bind(int(*promised_by))
        .bind(int(*statutory_by)),
        Happening::Decided { approved, row, amount_fen, appeal_by, officer } => {
            let kind = if *approved { JobKind::Issue } else { JobKind::Status };
            insert_job(db, kind, *case_id, seq, "", now_ms).await?;
            let status = if *approved { Status::Approved } else { Status::Refused };
            sqlx::query(
                "UPDATE cases SET status = $2, row_index = $3, amount_fen = $4, appeal_by = $5, officer = $6, \
                 frozen = 0 WHERE id = $1",
            )
            .bind(id)
            .bind(status.as_str())
            .bind(i64::from(*row))
            .bind(int(*amount_fen))
            .bind(int(*appeal_by))
            .bind(hex(officer))
        }
        Happening::Appealed { promised_by, statutory_by } => {
            insert_job(db, JobKind::Status, *case_id, seq, "", now_ms).await?;
            sqlx::query(
                "UPDATE cases SET status = 'review', cause = 'appeal', frozen = 1, promised_by = $2, \
                 statutory_by = $3, escalated = 0 WHERE id = $1",
            )
            .bind(id)
            .bind(int(*promised_by))
            .bind(int(*statutory_by))
        }
        Happening::Escalated => sqlx::query("UPDATE cases SET escalated = 1 WHERE id = $1").bind(id),
        Happening::Closed => sqlx::query("UPDATE cases SET status = 'closed' WHERE id = $1").bind(id),
    };
    query.execute(db).await?;
    Ok(())
}
