//! Rule sets: parse, check, evaluate, explain; without I/O.
//!
//! A rule set is a decision table over facts. Each fact is the answer of one agency to one question (a *predicate*):
//! a boolean (0 or 1), a small integer, or unknown. Rows are scanned in order under Kleene's three-valued logic, so
//! that what is unknown is never taken for false: the table may approve, but what it cannot tell goes to a person.
//!
//! - [`RuleSet::parse`] reads `rules.json`; invalid data dies there, with the JSON path in the error.
//! - [`RuleSet::check`] finds what is well-formed but wrong: rows nothing reaches, predicates nothing needs.
//! - [`Table`] is the bare table, and evaluates; [`explain`](RuleSet::explain) says what would have changed a result.
//! - [`onchain`] is the form the `Rules` contract stores, with its content-derived id.
//!
//! The same evaluation is implemented in `contracts/src/Rules.sol` and `portal/src/rules/evaluate.ts`; tests hold the
//! three equal. To change the semantics, change all three and the vectors in one commit.

mod check;
mod error;
mod explain;
mod model;
pub mod onchain;
mod parse;
mod raw;
mod slug;
mod table;

pub use check::{MAX_COMBINATIONS, Problem};
pub use error::{ParseError, ParseProblem};
pub use explain::{Change, Explanation};
pub use model::{Amount, Basis, Kind, LawRef, Period, Predicate, Replay, Rounding, Row, RuleSet, Share};
pub use parse::{
    MAX_AMOUNT_FEN, MAX_BRACKETS, MAX_FIELDS, MAX_PREDICATES, MAX_ROWS, MAX_RULES_BYTES, MAX_TEXT_CHARS,
};
pub use slug::{MAX_SLUG_BYTES, Slug, SlugError};
pub use table::{Fact, FactError, Finding, Literal, NO_ROW, Outcome, Range, Table, TableRow, UNKNOWN};
