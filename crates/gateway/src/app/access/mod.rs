//! Who may do what here: Cedar policies decide, and their decision is a type.
//!
//! ```text
//! who        officers, roles, purposes
//! question   who wants to do what with which thing, in Cedar's words     (schema.cedarschema)
//! policies   the files, checked; what they say to a question
//! ```
//!
//! What hands out a case, a request or the books takes a [`Permit`]; there is no other way to get one than to ask
//! [`App::may`] or [`App::permit_own`], so a route cannot forget to. What one may not see is answered like what is not
//! there; what one may see but not do is [`AccessError::NotPermitted`]. Both are kept and counted.
//!
//! What a key proves by itself is not asked here: the applicant of a case signs with the key of that case, a live device with
//! that of its account, another agency with its exchange key.
//!
//! To add an action: a line in `schema.cedarschema`, an [`Act`] below, a policy in `agencies/policies`, and a row for its
//! route in `tests/it/access.txt`.

mod policies;
mod question;
mod who;

use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;
use thiserror::Error;
use zhengtong_vault::Subject;

use super::my_session::SignedIn;
use super::{App, AppError, inner};
use crate::store::{AttemptRow, CaseRow, OfficerRow, PolicyChangeRow, RefusalRow, RequestRow, StoreError};
use question::{Principal, Question, Resource};

pub use policies::{MAX_FILE_BYTES, MAX_FILES, MAX_POLICIES, Policies, PolicyError, PolicyFile};
pub use who::{Caller, KEY_ROLES, Purpose, Role, Who};

/// The policies in force, and where they come from.
pub struct Access {
    folder: Option<PathBuf>,
    policies: RwLock<Arc<Policies>>,
}

impl Access {
    /// Reads the policies.
    ///
    /// # Errors
    /// See [`PolicyError`].
    pub fn load(folder: Option<PathBuf>) -> Result<Self, PolicyError> {
        let policies = RwLock::new(Arc::new(Policies::load(folder.as_deref())?));
        Ok(Self { folder, policies })
    }

    /// The policies in force.
    pub fn policies(&self) -> Arc<Policies> {
        Arc::clone(&self.policies.read())
    }
}

/// Something that an officer may be permitted to do.
pub trait Act {
    /// What it is done with.
    type Thing: Thing;
    /// Its name in the schema.
    const ACTION: &'static str;
    /// The action that shows that the thing exists; none: whoever may not do this does not see that it could be done.
    const SEEN_BY: Option<&'static str>;
    /// What it is for, if the request does not say.
    const PURPOSE: Purpose;
}

/// What an act is done with.
pub trait Thing {
    /// What is said when there is none.
    const MISSING: &'static str;
    /// In a policy's words.
    #[doc(hidden)]
    fn resource(&self) -> Resource<'_>;
    /// As a record of a refusal names it: nothing personal.
    fn label(&self) -> String;
}

/// What is said to whoever may not use a path: what is said of paths that are not there.
const NO_PATH: &str = "no such path; see /openapi.json";

/// The desk as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Desk;

impl Thing for Desk {
    const MISSING: &'static str = NO_PATH;

    fn resource(&self) -> Resource<'_> {
        Resource::Desk
    }

    fn label(&self) -> String {
        "desk".to_owned()
    }
}

impl Thing for CaseRow {
    const MISSING: &'static str = "this organisation has no such case";

    fn resource(&self) -> Resource<'_> {
        Resource::Case(self)
    }

    fn label(&self) -> String {
        format!("case/{:#x}", self.id)
    }
}

impl Thing for RequestRow {
    const MISSING: &'static str = "this organisation has no such request";

    fn resource(&self) -> Resource<'_> {
        Resource::DataRequest(self)
    }

    fn label(&self) -> String {
        format!("request/{}", self.id)
    }
}

/// A request to a wallet.
#[derive(Clone, Debug)]
pub struct AskedWallet {
    /// Its id.
    pub id: String,
    /// The name of the officer who asked.
    pub asked_by: String,
}

impl Thing for AskedWallet {
    const MISSING: &'static str = "there is no such thing here, or it has expired";

    fn resource(&self) -> Resource<'_> {
        Resource::Presentation(&self.id, &self.asked_by)
    }

    fn label(&self) -> String {
        format!("presentation/{}", self.id)
    }
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident: $action:literal with $thing:ty, seen by $seen:expr, for $purpose:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Act for $name {
            type Thing = $thing;
            const ACTION: &'static str = $action;
            const SEEN_BY: Option<&'static str> = $seen;
            const PURPOSE: Purpose = Purpose::$purpose;
        }
    )*};
}

acts! {
    /// To list cases.
    ListCases: "listCases" with Desk, seen by None, for CaseHandling;
    /// To open a case.
    SeeCase: "seeCase" with CaseRow, seen by None, for CaseHandling;
    /// To write about a case.
    WriteStatement: "writeStatement" with CaseRow, seen by Some("seeCase"), for CaseHandling;
    /// To ask another agency for a record.
    AskRecord: "askRecord" with CaseRow, seen by Some("seeCase"), for CaseHandling;
    /// To ask a wallet for credentials.
    AskWallet: "askWallet" with Desk, seen by None, for CaseHandling;
    /// To see what a wallet showed.
    SeePresentation: "seePresentation" with AskedWallet, seen by None, for CaseHandling;
    /// To approve a recovery.
    ApproveRecovery: "approveRecovery" with Desk, seen by None, for Identification;
    /// To list people's requests.
    ListDataRequests: "listDataRequests" with Desk, seen by None, for DataRights;
    /// To answer one.
    AnswerDataRequest: "answerDataRequest" with RequestRow, seen by Some("seeDataRequest"), for DataRights;
    /// To see which exchanges were refused.
    ListAttempts: "listAttempts" with Desk, seen by None, for Administration;
    /// To see the policies and when they changed.
    SeePolicies: "seePolicies" with Desk, seen by None, for Administration;
    /// To see who was refused what.
    ListRefusals: "listRefusals" with Desk, seen by None, for Administration;
    /// To see what is bound to officers' codes.
    ListOfficers: "listOfficers" with Desk, seen by None, for Administration;
    /// To unbind it.
    ReleaseOfficer: "releaseOfficer" with Desk, seen by None, for Administration;
}

/// Something that a resident may be permitted to do with what is kept about themselves.
pub trait OwnAct {
    /// Its name in the schema.
    const ACTION: &'static str;
    /// What for.
    const PURPOSE: Purpose = Purpose::DataRights;
}

/// To see it.
#[derive(Clone, Copy, Debug)]
pub struct SeeOwnData;

impl OwnAct for SeeOwnData {
    const ACTION: &'static str = "seeOwnData";
}

/// To make a request about it.
#[derive(Clone, Copy, Debug)]
pub struct MakeDataRequest;

impl OwnAct for MakeDataRequest {
    const ACTION: &'static str = "makeDataRequest";
}

/// To take tokens of their daily allowance.
#[derive(Clone, Copy, Debug)]
pub struct TakeTokens;

impl OwnAct for TakeTokens {
    const ACTION: &'static str = "takeTokens";
    const PURPOSE: Purpose = Purpose::CaseHandling;
}

/// The policies permit this officer this act with this thing. Made by [`App::may`] alone.
pub struct Permit<A: Act> {
    who: Who,
    thing: A::Thing,
    act: PhantomData<A>,
}

impl<A: Act> Permit<A> {
    /// Whom.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// What with.
    pub fn thing(&self) -> &A::Thing {
        &self.thing
    }
}

/// The policies permit a resident this act with what is kept about them. Made by [`App::permit_own`] alone.
pub struct OwnPermit<A: OwnAct> {
    signed_in: SignedIn,
    act: PhantomData<A>,
}

impl<A: OwnAct> OwnPermit<A> {
    /// Who they are, as a pseudonym.
    pub fn subject(&self) -> Subject {
        self.signed_in.subject
    }

    /// Who they are, and since when they are signed in.
    pub fn signed_in(&self) -> SignedIn {
        self.signed_in
    }
}

/// Why there is no permit.
#[derive(Debug, Error)]
pub enum AccessError {
    /// There is no such thing, or the one who asks may not know.
    #[error("{0}")]
    Missing(&'static str),
    /// They see it, but may not do that.
    #[error("the policies of this organisation do not permit you `{action}` here")]
    NotPermitted {
        /// The action's name.
        action: &'static str,
    },
    /// It takes a key of theirs.
    #[error(
        "this takes an officer whose key the Registry lists: sign in with the key, or have it added to your code"
    )]
    NeedsKey,
    /// Inside.
    #[error(transparent)]
    App(#[from] AppError),
}

/// How a question ended, in records and counters.
const MISSING: &str = "missing";
const HIDDEN: &str = "hidden";
const NOT_PERMITTED: &str = "not-permitted";
/// How a record names a resident: not at all.
const RESIDENT: &str = "resident";

impl App {
    /// Asks the policies whether an officer may do something. `thing` is `None` if there is no such thing; whoever asked
    /// gets the same answer as one who may not see it.
    ///
    /// # Errors
    /// See [`AccessError`]. Refusals are kept and counted.
    pub async fn may<A: Act>(
        &self,
        caller: &Caller,
        thing: Option<A::Thing>,
    ) -> Result<Permit<A>, AccessError> {
        let who = &caller.who;
        let purpose = caller.purpose.unwrap_or(A::PURPOSE);
        let refusal = |resource: String, policies: Vec<String>, result: &'static str| Refused {
            who: who.name.clone(),
            agency: who.agency.clone(),
            action: A::ACTION,
            resource,
            purpose: purpose.as_str(),
            policies,
            result,
        };
        let missing = AccessError::Missing(<A::Thing as Thing>::MISSING);
        let Some(thing) = thing else {
            self.keep_refusal(refusal(String::new(), Vec::new(), MISSING))
                .await?;
            return Err(missing);
        };
        let policies = self.access.policies();
        let ask = |action| {
            policies.decide(&Question {
                agency: &self.organisation,
                who: Principal::Officer(who),
                action,
                resource: thing.resource(),
                purpose,
            })
        };
        let verdict = ask(A::ACTION);
        if verdict.is_allowed {
            return Ok(Permit {
                who: who.clone(),
                thing,
                act: PhantomData,
            });
        }
        let is_seen = A::SEEN_BY.is_some_and(|action| ask(action).is_allowed);
        let result = if is_seen { NOT_PERMITTED } else { HIDDEN };
        self.keep_refusal(refusal(thing.label(), verdict.policies, result))
            .await?;
        Err(if is_seen {
            AccessError::NotPermitted { action: A::ACTION }
        } else {
            missing
        })
    }

    /// Asks the policies whether a resident may do something with what is kept about them.
    ///
    /// # Errors
    /// See [`AccessError`].
    pub async fn permit_own<A: OwnAct>(&self, signed_in: SignedIn) -> Result<OwnPermit<A>, AccessError> {
        let person = signed_in.subject.to_hex();
        let purpose = A::PURPOSE;
        let verdict = self.access.policies().decide(&Question {
            agency: &self.organisation,
            who: Principal::Resident(&person),
            action: A::ACTION,
            resource: Resource::Person(&person),
            purpose,
        });
        if verdict.is_allowed {
            return Ok(OwnPermit {
                signed_in,
                act: PhantomData,
            });
        }
        let refused = Refused {
            who: RESIDENT.to_owned(),
            agency: String::new(),
            action: A::ACTION,
            resource: "person".to_owned(),
            purpose: purpose.as_str(),
            policies: verdict.policies,
            result: HIDDEN,
        };
        self.keep_refusal(refused).await?;
        Err(AccessError::Missing(NO_PATH))
    }

    /// The last exchanges that were refused, newest first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn attempts(
        &self,
        _permit: &Permit<ListAttempts>,
        limit: usize,
    ) -> Result<Vec<AttemptRow>, AppError> {
        Ok(self.store.attempts(limit).await?)
    }

    /// Who was refused what, newest first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn refusals(
        &self,
        _permit: &Permit<ListRefusals>,
        limit: usize,
    ) -> Result<Vec<RefusalRow>, AppError> {
        Ok(self.store.refusals(limit).await?)
    }

    /// Officers' codes with what is bound to them.
    ///
    /// # Errors
    /// The store fails.
    pub async fn officers(&self, _permit: &Permit<ListOfficers>) -> Result<Vec<OfficerRow>, AppError> {
        Ok(self.store.officers().await?)
    }

    /// Unbinds account and key from a code, and ends its sessions: whoever signs in with the code next has it.
    ///
    /// # Errors
    /// The store fails.
    pub async fn release_officer(
        &self,
        permit: &Permit<ReleaseOfficer>,
        name: &str,
    ) -> Result<bool, AppError> {
        let is_released = self.store.release_officer(name).await?;
        tracing::info!(
            by = permit.who().name,
            officer = name,
            is_released,
            "officer released"
        );
        Ok(is_released)
    }

    /// The policies in force, and when which came into force, latest first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn policies(
        &self,
        _permit: &Permit<SeePolicies>,
    ) -> Result<(Arc<Policies>, Vec<PolicyChangeRow>), AppError> {
        Ok((self.access.policies(), self.store.policy_changes().await?))
    }

    /// Notes the policies in force if they are not those of the last note.
    ///
    /// # Errors
    /// The store fails.
    pub async fn note_policies(&self) -> Result<bool, StoreError> {
        let policies = self.access.policies();
        let is_new = self
            .store
            .put_policy_change(policies.hash(), self.clock.now_ms())
            .await?;
        if is_new {
            tracing::info!(hash = policies.hash(), "policies changed");
        }
        Ok(is_new)
    }

    /// Reads the policy files again. Policies that are refused change nothing.
    ///
    /// # Errors
    /// See [`PolicyError`], or the store fails.
    pub async fn reload_policies(&self) -> Result<(), ReloadError> {
        let read = Policies::load(self.access.folder.as_deref())?;
        *self.access.policies.write() = Arc::new(read);
        self.note_policies().await?;
        Ok(())
    }

    /// Keeps and counts a refusal.
    pub(super) async fn keep_refusal(&self, refused: Refused) -> Result<(), AppError> {
        tracing::info!(
            who = refused.who,
            action = refused.action,
            resource = refused.resource,
            result = refused.result,
            "access refused"
        );
        self.0.metrics.refusal(refused.action, refused.result);
        let row = RefusalRow {
            at_ms: self.clock.now_ms(),
            who: refused.who,
            agency: refused.agency,
            action: refused.action.to_owned(),
            resource: refused.resource,
            purpose: refused.purpose.to_owned(),
            policies: refused.policies.join(","),
            result: refused.result.to_owned(),
        };
        let unique = hex::encode(super::session::random()?);
        self.store.put_refusal(&row, &unique).await.map_err(inner)
    }
}

/// A refusal as it happens: what it is counted by is known beforehand. A [`RefusalRow`] is what is kept of it.
pub(super) struct Refused {
    pub who: String,
    pub agency: String,
    pub action: &'static str,
    pub resource: String,
    pub purpose: &'static str,
    pub policies: Vec<String>,
    pub result: &'static str,
}

/// Why policies were not read again.
#[derive(Debug, Error)]
pub enum ReloadError {
    /// They are refused.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}
