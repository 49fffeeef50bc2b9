//! The officers' desk.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Problem;
use super::extract::{Body, CaseId, Officer, case_id};
use crate::app::access::{Desk, ListCases, SeeCase, WriteStatement};
use crate::app::project::word;
use crate::app::{App, Became, DeskCase, Ground};
use crate::store::{CaseRow, QueueCursor, Status};

/// A case as the desk shows it. Times are unix seconds; 0 where there is none.
#[derive(Serialize, ToSchema)]
pub struct Case {
    id: String,
    service: String,
    version: u32,
    rule_set: String,
    applicant: String,
    /// `asking`, `review`, `supplement`, `approved`, `refused`, `closed`.
    status: &'static str,
    /// `unknown`, `possible_refusal`, `rule_asks`, `appeal`; empty if no person had to look.
    cause: String,
    /// The row of the rule set; 255 if none.
    row: u8,
    opened_at: u64,
    promised_by: u64,
    statutory_by: u64,
    appeal_by: u64,
    /// When the clocks were stopped.
    paused_at: u64,
    frozen: bool,
    escalated: bool,
    amount_fen: u64,
    /// Who decided last; zero address: the rules; `null`: nobody yet.
    officer: Option<String>,
}

impl From<CaseRow> for Case {
    fn from(row: CaseRow) -> Self {
        Self {
            id: format!("{:#x}", row.id),
            service: word(row.service),
            version: row.version,
            rule_set: format!("{:#x}", row.rule_set),
            applicant: format!("{:#x}", row.applicant),
            status: row.status.as_str(),
            cause: row.cause,
            row: row.row,
            opened_at: row.opened_at,
            promised_by: row.promised_by,
            statutory_by: row.statutory_by,
            appeal_by: row.appeal_by,
            paused_at: row.paused_at,
            frozen: row.frozen,
            escalated: row.escalated,
            amount_fen: row.amount_fen,
            officer: Some(row.officer).filter(|officer| !officer.is_empty()),
        }
    }
}

/// A page of the queue.
#[derive(Serialize, ToSchema)]
pub struct Queue {
    items: Vec<Case>,
    /// For the next page.
    next: Option<String>,
}

/// Lists cases by their promised deadline.
#[utoipa::path(get, path = "/v1/desk/cases", tag = "officers", security(("bearer" = [])),
    params(
        ("status" = Option<String>, Query, description = "One status; all cases in which work is open if not given"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("x-purpose" = Option<String>, Header, description = "What for, if not to handle cases: `supervision` or `appeal`"),
    ),
    responses(
        (status = 200, body = Queue),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn queue(
    State(app): State<App>,
    officer: Officer,
    RawQuery(query): RawQuery,
) -> Result<Json<Queue>, Problem> {
    let permit = officer.may::<ListCases>(&app, Some(Desk)).await?;
    let (mut status, mut after) = (None, None);
    for pair in query
        .as_deref()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "status" => {
                let known = Status::ALL.map(Status::as_str).join(", ");
                let wrong = || Problem::invalid("status", format!("must be one of {known}"));
                status = Some(Status::parse(value).ok_or_else(wrong)?);
            }
            "cursor" => after = Some(cursor(value)?),
            _ => return Err(Problem::invalid(name, "no such parameter")),
        }
    }
    let page = app.queue(&permit, status, after).await?;
    Ok(Json(Queue {
        items: page.items.into_iter().map(Case::from).collect(),
        next: page.next.map(|at| format!("{}-{:#x}", at.promised_by, at.id)),
    }))
}

fn cursor(text: &str) -> Result<QueueCursor, Problem> {
    let wrong = || Problem::invalid("cursor", "must be `next` of a page");
    let (promised_by, id) = text.split_once('-').ok_or_else(wrong)?;
    let promised_by = promised_by.parse().map_err(|_| wrong())?;
    Ok(QueueCursor {
        promised_by,
        id: case_id("cursor", id)?,
    })
}

/// A fact.
#[derive(Serialize, ToSchema)]
pub struct Fact {
    predicate: String,
    provider: String,
    /// `null`: unknown, or not answered yet.
    value: Option<i32>,
    /// Tag of the use record; `null`: not answered yet.
    #[serde(rename = "use")]
    use_tag: Option<String>,
    /// What the applicant showed to this agency for it; `null`: nothing, or another agency answers, which does not say.
    credential: Option<FactCredential>,
}

/// A credential that was shown for a fact. What it says is not kept.
#[derive(Serialize, ToSchema)]
pub struct FactCredential {
    /// Its type.
    vct: String,
    /// The organisation that issued it; `null`: no trusted issuer's signature holds, or it is not the applicant's.
    issuer: Option<String>,
    /// Until when it is valid, in unix seconds; `null`: it names no end, or `issuer` is `null`.
    valid_until: Option<u64>,
    /// `answer`: the fact rests on it. `refused`: the fact is from this agency's own records. `lapsed`: it was good when the
    /// use was put on record and no more when it was to answer, so nothing answered.
    became: &'static str,
    /// Why it did not answer, as in a use record: `expired`, `revoked`, `suspended`, `status`, `issuer`, `type`, `altered`,
    /// `unreadable`, `binding`, `undisclosed`, `too-much`, `other-person`, `unsettled`; `null`: it answered.
    reason: Option<String>,
}

impl From<Ground> for FactCredential {
    fn from(ground: Ground) -> Self {
        let (issuer, valid_until) = match ground.issued {
            Some(issued) => (Some(issued.by), issued.until_s),
            None => (None, None),
        };
        Self {
            vct: ground.vct,
            issuer,
            valid_until,
            became: match ground.became {
                Became::Answer => "answer",
                Became::Refused(_) => "refused",
                Became::Lapsed(_) => "lapsed",
            },
            reason: ground.became.reason().map(str::to_owned),
        }
    }
}

/// An event.
#[derive(Serialize, ToSchema)]
pub struct Event {
    seq: u32,
    name: String,
    #[schema(value_type = Object)]
    args: Value,
    block_number: u64,
    block_time_ms: u64,
    tx_hash: String,
}

/// A statement.
#[derive(Serialize, ToSchema)]
pub struct Statement {
    hash: String,
    /// `null`: the person's key was destroyed.
    text: Option<String>,
    /// `applicant` or `officer`.
    author: String,
    at_ms: u64,
    /// Whether the chain names it.
    on_chain: bool,
}

/// Everything that belongs to a case.
#[derive(Serialize, ToSchema)]
pub struct CaseFile {
    case: Case,
    facts: Vec<Fact>,
    /// `null`: it has not come, or is not the one committed to.
    #[schema(value_type = Option<Object>)]
    form: Option<Value>,
    history: Vec<Event>,
    statements: Vec<Statement>,
    /// Who opened the case for the applicant; `null`: they themselves, or this agency is not told.
    acted_by: Option<ActedBy>,
}

/// Somebody who acts for the applicant.
#[derive(Serialize, ToSchema)]
pub struct ActedBy {
    /// `carer`.
    role: &'static str,
    /// Their resident number.
    number: String,
}

impl From<DeskCase> for CaseFile {
    fn from(file: DeskCase) -> Self {
        let facts = file.facts.into_iter().map(|fact| Fact {
            predicate: fact.predicate,
            provider: fact.provider,
            value: fact.value,
            use_tag: fact.use_tag,
            credential: fact.credential.map(FactCredential::from),
        });
        let history = file.history.into_iter().map(|event| Event {
            seq: event.seq,
            name: event.name,
            args: serde_json::from_str(&event.args).unwrap_or_default(),
            block_number: event.block_number,
            block_time_ms: event.block_time_ms,
            tx_hash: event.tx_hash,
        });
        let acted_by = file.acted_by;
        let statements = file.statements.into_iter().map(|(row, text)| Statement {
            hash: format!("{:#x}", row.hash),
            text: text.map(|statement| statement.text),
            author: row.author,
            at_ms: row.at_ms,
            on_chain: row.on_chain,
        });
        Self {
            case: file.case.into(),
            facts: facts.collect(),
            form: file.form,
            history: history.collect(),
            statements: statements.collect(),
            acted_by: acted_by.map(|(role, number)| ActedBy {
                role: role.as_str(),
                number,
            }),
        }
    }
}

/// Gives a case with its facts, form, history and statements.
#[utoipa::path(get, path = "/v1/desk/cases/{id}", tag = "officers", security(("bearer" = [])),
    params(("id" = String, Path, description = "Case id"),
        ("x-purpose" = Option<String>, Header, description = "What for, if not to handle it: `supervision` or `appeal`")),
    responses(
        (status = 200, body = CaseFile),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn case(
    State(app): State<App>,
    officer: Officer,
    CaseId(id): CaseId,
) -> Result<Json<CaseFile>, Problem> {
    let permit = officer.may_case::<SeeCase>(&app, id).await?;
    Ok(Json(app.desk_case(&permit).await?.into()))
}

/// What an officer writes about a case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStatement {
    text: String,
}

/// What goes on the chain with the officer's signature: the Keccak-256 of the salt and the text.
#[derive(Serialize, ToSchema)]
pub struct StatementHash {
    hash: String,
    salt: String,
}

/// Keeps a statement; its hash goes on the chain with the officer's decision.
#[utoipa::path(post, path = "/v1/desk/cases/{id}/statements", tag = "officers", request_body = NewStatement,
    security(("bearer" = [])), params(("id" = String, Path, description = "Case id")),
    responses(
        (status = 200, body = StatementHash),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn statement(
    State(app): State<App>,
    officer: Officer,
    CaseId(id): CaseId,
    Body(new): Body<NewStatement>,
) -> Result<Json<StatementHash>, Problem> {
    let permit = officer.may_case::<WriteStatement>(&app, id).await?;
    let (hash, salt) = app.officer_statement(&permit, new.text).await?;
    Ok(Json(StatementHash {
        hash: format!("{hash:#x}"),
        salt: format!("{salt:#x}"),
    }))
}
