//! `item.json`: the catalogue fields of the service, and every article its package cites.

use crate::error::{Findings, Problem};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zhengtong_rules::{LawRef, Slug};

const MAX_LAWS: usize = 32;
const MAX_LAW_TITLE_CHARS: usize = 128;
const MAX_LAW_TEXT_CHARS: usize = 4_000;
const MAX_CODE_CHARS: usize = 96;
const FORMAT: &str = "zhengtong-package/1";

/// `item.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Always `zhengtong-package/1`.
    pub format: String,
    /// The service's name on chain and in addresses.
    pub slug: Slug,
    /// The catalogue item it runs (实施编码).
    pub item_code: String,
    /// The catalogue item's kind of task.
    pub task_type: u8,
    /// The organisation that decides.
    pub owner: Slug,
    /// The agency that answers for the package.
    pub sponsor: Slug,
    /// Who may apply.
    pub applicant: Applicant,
    /// What an approval brings.
    pub result: Vec<ResultKind>,
    /// What applying costs, in fen.
    pub fee_fen: u64,
    /// Every article cited in the package.
    pub laws: Vec<Law>,
}

/// Who may apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicant {
    /// 自然人.
    NaturalPerson,
}

/// What an approval brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResultKind {
    /// Money every month.
    MonthlyPayment,
    /// Money one time.
    OneOffPayment,
    /// A credential.
    Credential,
}

/// An article, with its wording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// Its name inside the package.
    pub id: Slug,
    /// The law: its title, or the number under which it was published.
    pub law: String,
    /// The article or section.
    pub article: String,
    /// The law's full title.
    pub title: String,
    /// The wording relied on, in the original language.
    pub text: String,
    /// First day in force.
    pub valid_from: Date,
    /// First day no longer in force.
    pub valid_to: Option<Date>,
}

impl Law {
    /// The reference by which other files cite it.
    pub fn reference(&self) -> LawRef {
        LawRef {
            law: self.law.clone(),
            article: self.article.clone(),
        }
    }
}

impl Item {
    pub(crate) fn check(&self, findings: &mut Findings<'_>) {
        if self.format != FORMAT {
            findings.add("format", Problem::Shape("format is not \"zhengtong-package/1\""));
        }
        findings.text("item_code", &self.item_code, MAX_CODE_CHARS);
        findings.count("result", self.result.len(), 1, 3);
        findings.count("laws", self.laws.len(), 1, MAX_LAWS);
        findings.unique("laws", self.laws.iter().map(|law| law.id.as_str()));
        for (index, law) in self.laws.iter().enumerate() {
            let path = format!("laws[{index}]");
            findings.text(&format!("{path}.title"), &law.title, MAX_LAW_TITLE_CHARS);
            findings.text(&format!("{path}.text"), &law.text, MAX_LAW_TEXT_CHARS);
            if self.laws[..index]
                .iter()
                .any(|other| other.reference() == law.reference())
            {
                findings.add(&path, Problem::Duplicate(format!("{} {}", law.law, law.article)));
            }
            if let Some(end) = law.valid_to.filter(|end| *end <= law.valid_from) {
                findings.add(format!("{path}.valid_to"), Problem::Date(end.to_string()));
            }
        }
    }
}
