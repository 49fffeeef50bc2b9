use crate::SlugError;

/// Why `rules.json` is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct ParseError {
    /// JSON path inside the file, such as `rows[3].when.age`; `.` is the whole file.
    pub path: String,
    /// What is wrong there.
    pub problem: ParseProblem,
}

/// What can be wrong at one place of `rules.json`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseProblem {
    /// Not JSON, an unknown or missing key, or a value of the wrong type.
    #[error("{0}")]
    Json(String),
    /// The file is too long.
    #[error("{actual} bytes, more than {limit}")]
    TooLong {
        /// Bytes allowed.
        limit: usize,
        /// Bytes given.
        actual: usize,
    },
    /// `format` names another format.
    #[error("format {0:?} is not \"zhengtong-rules/1\"")]
    Format(String),
    /// A list with too few or too many entries.
    #[error("{actual} entries, not {min} to {max}")]
    Count {
        /// Fewest allowed.
        min: usize,
        /// Most allowed.
        max: usize,
        /// Entries given.
        actual: usize,
    },
    /// An invalid name.
    #[error(transparent)]
    Slug(#[from] SlugError),
    /// The same name twice.
    #[error("{0:?} appears twice")]
    Duplicate(String),
    /// A text that is empty or too long.
    #[error("must have 1 to {limit} characters")]
    Text {
        /// Most characters allowed.
        limit: usize,
    },
    /// `min` and `max` do not fit the kind.
    #[error("an integer predicate needs min < max, a boolean has neither")]
    KindBounds,
    /// A row about a predicate that is not declared.
    #[error("no predicate is called {0:?}")]
    UnknownPredicate(String),
    /// A boolean condition on an integer predicate, or the other way round.
    #[error("the condition does not fit a predicate of kind {0}")]
    ConditionKind(&'static str),
    /// A condition outside the predicate's range.
    #[error("{min}..={max} is empty or leaves the predicate's range {lowest}..={highest}")]
    ConditionRange {
        /// Lower end given.
        min: i32,
        /// Upper end given.
        max: i32,
        /// Smallest answer.
        lowest: i32,
        /// Largest answer.
        highest: i32,
    },
    /// A refusal with an amount.
    #[error("a row that refuses pays nothing")]
    RefusalWithAmount,
    /// `fen`, `rounding` and `share` do not agree.
    #[error("fen is {stated} but the share, rounded as stated, is {computed:?}")]
    Amount {
        /// What the file says.
        stated: u64,
        /// What follows from the share; none if it needs a rounding that is not stated.
        computed: Option<u64>,
    },
    /// An amount beyond any programme, and beyond what a browser counts exactly.
    #[error("{fen} fen is more than {limit}")]
    AmountTooLarge {
        /// The amount.
        fen: u64,
        /// Largest amount allowed, in fen.
        limit: u64,
    },
    /// A rounding without anything to round.
    #[error("a rounding other than \"exact\" needs a share")]
    RoundingWithoutShare,
}

impl ParseError {
    pub(crate) fn new(path: impl Into<String>, problem: impl Into<ParseProblem>) -> Self {
        Self {
            path: path.into(),
            problem: problem.into(),
        }
    }
}
