use std::fmt;

/// One thing that is wrong with a package, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {path}: {problem}")]
pub struct PackageError {
    /// The file, relative to the package; `.` is the package itself.
    pub file: String,
    /// JSON path inside the file; `.` is the whole file.
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// Everything that is wrong with a package: at least one error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageErrors(pub Vec<PackageError>);

/// What can be wrong at one place of a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// A file that every package has is not there.
    #[error("is missing")]
    FileMissing,
    /// A file that no package has.
    #[error("is not a file of a service package")]
    FileUnknown,
    /// A part of the format that is not supported yet.
    #[error("{0} is not supported yet")]
    NotSupported(&'static str),
    /// More bytes than allowed.
    #[error("more than {limit} bytes")]
    TooLong {
        /// Bytes allowed.
        limit: usize,
    },
    /// Not JSON, an unknown or missing key, or a value of the wrong type.
    #[error("{0}")]
    Json(String),
    /// `rules.json` is not well-formed.
    #[error("{0}")]
    RulesSyntax(zhengtong_rules::ParseProblem),
    /// `rules.json` is well-formed but wrong.
    #[error("{0}")]
    Rules(zhengtong_rules::Problem),
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
    /// A text that is empty or too long.
    #[error("must have 1 to {limit} characters")]
    Text {
        /// Most characters allowed.
        limit: usize,
    },
    /// A number outside its bounds.
    #[error("{actual} is not between {min} and {max}")]
    Number {
        /// Smallest allowed.
        min: u64,
        /// Largest allowed.
        max: u64,
        /// Number given.
        actual: u64,
    },
    /// The same name twice.
    #[error("{0:?} appears twice")]
    Duplicate(String),
    /// A name that refers to nothing.
    #[error("there is no {kind} {name:?}")]
    Unresolved {
        /// What kind of thing was looked for.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A date that cannot be read, or a law that ends before it begins.
    #[error("{0:?} is not a date after the start, written YYYY-MM-DD")]
    Date(String),
    /// An article that is not listed in `item.json`.
    #[error("{law} {article} is not listed in item.json laws")]
    LawNotListed {
        /// The law.
        law: String,
        /// Its article.
        article: String,
    },
    /// An article listed in `item.json` that nothing cites.
    #[error("no file cites this article; leave it out")]
    LawNotCited,
    /// A promise that the law does not allow.
    #[error("promised {promised_days} days is longer than the statutory {statutory_days}")]
    PromiseTooLong {
        /// Days promised.
        promised_days: u32,
        /// Days the law allows.
        statutory_days: u32,
    },
    /// A form field nobody needs.
    #[error("no step needs this field; do not ask for it")]
    FieldNotNeeded,
    /// A form field that no page asks for.
    #[error("no page asks for this field")]
    FieldNotAsked,
    /// A schema that does not say the same as the pages about which fields must be there.
    #[error("required must list exactly the fields of pages that are always shown and not optional")]
    RequiredDisagrees,
    /// A form schema outside the supported subset.
    #[error("{0}")]
    Schema(String),
    /// A page shown after an answer that comes later, or that cannot be given.
    #[error("can only depend on a value of an earlier page's field")]
    PageCondition,
    /// Keys that do not go together.
    #[error("{0}")]
    Shape(&'static str),
    /// A text that another file needs and this one lacks.
    #[error("no text; a translation is missing")]
    TranslationMissing,
    /// A text that no other file needs.
    #[error("no other file needs this text")]
    TextNotNeeded,
    /// A text with a wrong placeholder.
    #[error("must contain {{value}} exactly once, other texts never")]
    Placeholder,
    /// A test whose facts do not fit.
    #[error("{0}")]
    Facts(String),
    /// A test that the rules do not pass.
    #[error("expects {expected}, but the rules say {actual}")]
    TestDisagrees {
        /// What the test says.
        expected: String,
        /// What the evaluator says.
        actual: String,
    },
    /// A row, boundary or unknown without a test.
    #[error("no test covers {0}")]
    TestMissing(String),
}

impl PackageError {
    pub(crate) fn new(file: &str, path: impl Into<String>, problem: Problem) -> Self {
        Self {
            file: file.to_owned(),
            path: path.into(),
            problem,
        }
    }
}

impl fmt::Display for PackageErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PackageErrors {}

impl From<PackageError> for PackageErrors {
    fn from(error: PackageError) -> Self {
        Self(vec![error])
    }
}

/// Collects the errors of one file.
pub(crate) struct Findings<'a> {
    pub file: &'a str,
    pub errors: &'a mut Vec<PackageError>,
}

impl Findings<'_> {
    pub fn add(&mut self, path: impl Into<String>, problem: Problem) {
        self.errors.push(PackageError::new(self.file, path, problem));
    }

    pub fn count(&mut self, path: &str, actual: usize, min: usize, max: usize) {
        if !(min..=max).contains(&actual) {
            self.add(path, Problem::Count { min, max, actual });
        }
    }

    pub fn number(&mut self, path: &str, actual: u32, min: u32, max: u32) {
        if !(min..=max).contains(&actual) {
            self.add(
                path,
                Problem::Number {
                    min: min.into(),
                    max: max.into(),
                    actual: actual.into(),
                },
            );
        }
    }

    pub fn text(&mut self, path: &str, text: &str, limit: usize) {
        if text.trim().is_empty() || text.chars().count() > limit {
            self.add(path, Problem::Text { limit });
        }
    }

    pub fn unique<'n>(&mut self, list: &str, names: impl IntoIterator<Item = &'n str>) {
        let mut seen = std::collections::BTreeSet::new();
        for (index, name) in names.into_iter().enumerate() {
            if !seen.insert(name) {
                self.add(format!("{list}[{index}]"), Problem::Duplicate(name.to_owned()));
            }
        }
    }
}
