//! A question to the policies: who wants to do what with which thing, and what for; in Cedar's words.

#![expect(
    clippy::result_large_err,
    reason = "Cedar's errors are large, and a question that cannot be asked is rare"
)]

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use thiserror::Error;

use super::who::{Purpose, Role, Who};
use crate::app::project::word;
use crate::store::{CaseRow, RequestRow};

/// Who asks.
pub enum Principal<'a> {
    /// An officer.
    Officer(&'a Who),
    /// A resident, known by a pseudonym.
    Resident(&'a str),
}

/// What a policy may look at.
pub enum Resource<'a> {
    /// The desk.
    Desk,
    /// A case of this agency.
    Case(&'a CaseRow),
    /// A request about one's data, made to this agency.
    DataRequest(&'a RequestRow),
    /// What a wallet was asked to show: its id, and the name of the officer who asked.
    Presentation(&'a str, &'a str),
    /// A person, by their pseudonym.
    Person(&'a str),
}

/// A question.
pub struct Question<'a> {
    /// This agency.
    pub agency: &'a str,
    /// Who asks.
    pub who: Principal<'a>,
    /// The action's name in the schema.
    pub action: &'static str,
    /// What with.
    pub resource: Resource<'a>,
    /// What for.
    pub purpose: Purpose,
}

/// A question that cannot be asked: it does not fit the schema. Counts as refused.
#[derive(Debug, Error)]
pub enum Unasked {
    /// A name.
    #[error(transparent)]
    Name(#[from] cedar_policy::ParseErrors),
    /// An attribute.
    #[error(transparent)]
    Attribute(#[from] cedar_policy::EntityAttrEvaluationError),
    /// The context.
    #[error(transparent)]
    Context(#[from] cedar_policy::ContextCreationError),
    /// The whole.
    #[error(transparent)]
    Request(#[from] cedar_policy::RequestValidationError),
    /// Who or what.
    #[error(transparent)]
    Entities(#[from] cedar_policy::entities_errors::EntitiesError),
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Unasked> {
    let kind: EntityTypeName = kind.parse()?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

type Attributes = Vec<(&'static str, RestrictedExpression)>;

fn entity(
    kind: &str,
    id: &str,
    attributes: Attributes,
    parents: HashSet<EntityUid>,
) -> Result<Entity, Unasked> {
    let attributes: HashMap<_, _> = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Ok(Entity::new(uid(kind, id)?, attributes, parents)?)
}

impl Question<'_> {
    pub(super) fn action(&self) -> Result<EntityUid, Unasked> {
        uid("Action", self.action)
    }

    pub(super) fn context(&self) -> Vec<(String, RestrictedExpression)> {
        vec![("purpose".to_owned(), text(self.purpose.as_str()))]
    }

    pub(super) fn principal(&self) -> Result<Entity, Unasked> {
        match self.who {
            Principal::Officer(who) => {
                let roles = who.roles.iter().map(|role: &Role| uid("Role", role.as_str()));
                let attributes = vec![("agency", agency(&who.agency)?), ("name", text(&who.name))];
                let id = format!("{}/{}", who.agency, who.name);
                entity("Officer", &id, attributes, roles.collect::<Result<_, _>>()?)
            }
            Principal::Resident(person) => {
                let own = RestrictedExpression::new_entity_uid(uid("Person", person)?);
                entity("Resident", person, vec![("person", own)], HashSet::new())
            }
        }
    }

    pub(super) fn resource(&self) -> Result<Entity, Unasked> {
        let here = agency(self.agency)?;
        let (kind, id, attributes) = match self.resource {
            Resource::Desk => ("Desk", self.agency.to_owned(), vec![("agency", here)]),
            Resource::Case(case) => {
                let attributes = vec![
                    ("agency", here),
                    ("service", text(&word(case.service))),
                    ("status", text(case.status.as_str())),
                    ("cause", text(&case.cause)),
                    ("escalated", RestrictedExpression::new_bool(case.escalated)),
                ];
                ("Case", format!("{:#x}", case.id), attributes)
            }
            Resource::DataRequest(row) => {
                let attributes = vec![
                    ("agency", here),
                    ("kind", text(&row.kind)),
                    ("status", text(row.status.as_str())),
                ];
                ("DataRequest", row.id.clone(), attributes)
            }
            Resource::Presentation(id, asked_by) => {
                let attributes = vec![("agency", here), ("asked_by", text(asked_by))];
                ("Presentation", id.to_owned(), attributes)
            }
            Resource::Person(person) => ("Person", person.to_owned(), Vec::new()),
        };
        entity(kind, &id, attributes, HashSet::new())
    }
}

fn agency(slug: &str) -> Result<RestrictedExpression, Unasked> {
    Ok(RestrictedExpression::new_entity_uid(uid("Agency", slug)?))
}
