//! Service packages: schema, validation and content address.
//!
//! A package is a folder of JSON that says everything about one service: whom it is for, what is asked, by which rules
//! it is decided, in which time, in which words. `services/README.md` describes the files.
//!
//! - [`Package::load`] reads a folder; the only way to get a [`Package`] is to pass every check.
//! - [`Package::hash`] is its content address, over the canonical bytes of [`Package::canonical`].
//! - [`Package::validate_form`] checks an application form, and names the fields that are wrong.
//! - [`Catalogue`] is the list of all items of an area; [`Library`] joins it with the packages that run.
//! - [`bundled`] is what this repository ships.

pub mod bundled;
mod catalogue;
mod credential;
mod error;
mod evidence;
mod form;
mod held;
mod item;
mod json;
mod library;
mod package;
mod pages;
mod parts;
mod read;
mod texts;
mod vectors;
mod workflow;

pub use catalogue::{Catalogue, CatalogueError, CatalogueItem, Department, MAX_CATALOGUE_BYTES, TaskType};
pub use credential::{Claim, ClaimSource, Credential, Disclosure};
pub use error::{PackageError, PackageErrors, Problem};
pub use evidence::{
    ConsentTerms, ConsentUse, DeclaredRecord, Evidence, LeastConsent, Material, MaterialSource,
};
pub use form::{FieldError, FieldProblem, FieldSchema, FormSchema, MAX_FORM_BYTES};
pub use held::{
    AnswerRow, Between, ClaimCondition, ClaimValue, Held, MAX_HELD, PERSON_CLAIM, Said, Unknown, Within,
};
pub use item::{Applicant, Item, Law, ResultKind};
pub use library::{Library, LibraryError, Statute};
pub use package::{Listing, Package};
pub use pages::{Condition, Page, Pages};
pub use read::{FILES, MAX_FILE_BYTES, MAX_PACKAGE_BYTES};
pub use texts::{LANGUAGES, MAX_TEXT_CHARS, Texts};
pub use vectors::{Expectation, TestCase, TestCases};
pub use workflow::{
    Appeal, Clock, Days, Escalation, Pause, Promise, Role, Statutory, Step, Trigger, Workflow,
};
