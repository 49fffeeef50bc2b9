//! The officer's desk: the queue by deadline, a case with everything that belongs to it, statements.

use alloy_primitives::B256;
use serde_json::Value;

use super::access::{ListCases, Permit, SeeCase, WriteStatement};
use super::delegation::Role;
use super::grounds::Ground;
use super::project::word;
use super::records::StatementText;
use super::resident::ResidentError;
use super::{App, AppError};
use crate::store::{Author, CaseRow, HistoryRow, QueueCursor, StatementRow, Status};

/// Cases in one page of the queue.
pub const MAX_QUEUE_PAGE: usize = 50;

/// A page of the queue.
pub struct DeskPage {
    /// The cases, by promised deadline.
    pub items: Vec<CaseRow>,
    /// Where the next page begins.
    pub next: Option<QueueCursor>,
}

/// A fact as the desk shows it.
pub struct DeskFact {
    /// The predicate.
    pub predicate: String,
    /// The agency asked.
    pub provider: String,
    /// Its answer; `None`: unknown, or not answered yet.
    pub value: Option<i32>,
    /// The tag of the use record, once answered.
    pub use_tag: Option<String>,
    /// The credential that the applicant showed to this agency for it; `None`: none, or it is another agency's to answer.
    pub credential: Option<Ground>,
}

/// A case with what belongs to it. Personal: it cannot be printed.
pub struct DeskCase {
    /// The case.
    pub case: CaseRow,
    /// The facts, in the order of the rule set.
    pub facts: Vec<DeskFact>,
    /// The form that the chain has a commitment to.
    pub form: Option<Value>,
    /// What happened.
    pub history: Vec<HistoryRow>,
    /// Who acted for the applicant, and their number; `None`: nobody, or this organisation was not shown it.
    pub acted_by: Option<(Role, String)>,
    /// What was written.
    pub statements: Vec<(StatementRow, Option<StatementText>)>,
}

impl App {
    /// A page of the queue: of one status, or all cases in which work is open.
    ///
    /// # Errors
    /// The store fails.
    pub async fn queue(
        &self,
        _permit: &Permit<ListCases>,
        status: Option<Status>,
        after: Option<QueueCursor>,
    ) -> Result<DeskPage, AppError> {
        let mut items = self.store.queue(status, after, MAX_QUEUE_PAGE + 1).await?;
        let has_more = items.len() > MAX_QUEUE_PAGE;
        items.truncate(MAX_QUEUE_PAGE);
        let next = items.last().filter(|_| has_more);
        let next = next.map(|case| QueueCursor {
            promised_by: case.promised_by,
            id: case.id,
        });
        Ok(DeskPage { items, next })
    }

    /// A case with what belongs to it.
    ///
    /// # Errors
    /// The store, the vault or the chain fails.
    pub async fn desk_case(&self, permit: &Permit<SeeCase>) -> Result<DeskCase, AppError> {
        let case = permit.thing().clone();
        let id = case.id;
        tracing::info!(officer = permit.who().name, case = %id, "officer opened a case");
        let history = self.store.history(id).await?;
        let facts = self.facts(&case, &history).await?;
        let form = self.form_of(&case).await?.map(|form| form.answers);
        let acted_by = self.acted_by(id).await?;
        let mut statements = Vec::new();
        for row in self.store.statements(id).await? {
            let text = self.statement(id, row.hash).await?;
            statements.push((row, text));
        }
        Ok(DeskCase {
            case,
            facts,
            form,
            history,
            acted_by,
            statements,
        })
    }

    async fn acted_by(&self, case_id: B256) -> Result<Option<(Role, String)>, AppError> {
        let Some(row) = self.store.link(case_id).await? else {
            return Ok(None);
        };
        let link = self.stored_link(&row).await?;
        let delegate = link.as_ref().and_then(|link| link.delegate.as_ref());
        Ok(delegate.map(|delegate| (delegate.role, delegate.number.clone())))
    }

    /// Keeps what an officer wrote about a case. Answers its hash and its salt, with which the officer's signing machine can
    /// show the words.
    ///
    /// # Errors
    /// See [`ResidentError`].
    pub async fn officer_statement(
        &self,
        permit: &Permit<WriteStatement>,
        text: String,
    ) -> Result<(B256, B256), ResidentError> {
        let mut salt = B256::ZERO;
        getrandom::fill(salt.as_mut_slice()).map_err(AppError::Randomness)?;
        let hash = self
            .keep_statement(permit.thing(), StatementText { text, salt }, Author::Officer)
            .await?;
        Ok((hash, salt))
    }

    async fn facts(&self, case: &CaseRow, history: &[HistoryRow]) -> Result<Vec<DeskFact>, AppError> {
        let questions = self.questions(case.rule_set).await?;
        let grounds = self.grounds(case.id).await?;
        let mut facts: Vec<DeskFact> = questions
            .predicates
            .iter()
            .enumerate()
            .map(|(index, predicate)| DeskFact {
                predicate: predicate.id.clone(),
                provider: word(questions.provider(index)),
                value: None,
                use_tag: None,
                credential: grounds.iter().find(|ground| ground.is_of(index)).cloned(),
            })
            .collect();
        for event in history.iter().filter(|event| event.name == "FactsAttested") {
            let args: Value = serde_json::from_str(&event.args).map_err(|_| AppError::Record("event"))?;
            let mask = args["mask"].as_u64().unwrap_or(0);
            let mut values = args["values"].as_array().into_iter().flatten();
            for (index, fact) in facts.iter_mut().enumerate() {
                if mask >> index & 1 == 1 {
                    let value = values
                        .next()
                        .and_then(Value::as_i64)
                        .and_then(|value| i32::try_from(value).ok());
                    fact.value = value.filter(|value| *value != zhengtong_bindings::UNKNOWN);
                    fact.use_tag = args["use"].as_str().map(str::to_owned);
                }
            }
        }
        Ok(facts)
    }
}
