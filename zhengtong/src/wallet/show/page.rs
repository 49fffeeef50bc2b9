//! Lines, and what is doubtful about them.

use super::Label;
use alloy_primitives::{Address, U256};
use std::fmt::{self, Display, Write as _};
use thiserror::Error;

/// The most lines; nobody reads more.
const MAX_LINES: usize = 2_000;

/// What is too long to be read before it is signed.
#[derive(Debug, Error)]
#[error("this is more than {MAX_LINES} lines, which nobody reads; ask for less at once")]
pub struct TooLong;

/// Something of which this program does not know what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    Contract(Address),
    Function,
    Creation,
    Depth,
    /// A vote on a proposal whose content is not shown.
    Proposal(U256),
    Bytes,
    TypedData,
}

impl Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contract(at) => write!(f, "不认识合约 {at}，无法说明其作用 / the contract {at} is not known: what it does is not shown"),
            Self::Function => f.write_str("不认识此操作，或其参数不合格式 / the function is not known, or its arguments are not written as it expects"),
            Self::Creation => f.write_str("这将创建合约，其作用不明 / this creates a contract: what it does is not shown"),
            Self::Depth => f.write_str("调用层数过多，未全部展开 / calls in calls, too deep to be shown"),
            Self::Proposal(id) => write!(f, "未附提案 {id} 的内容（--with）/ the content of proposal {id} is not shown; give it by --with"),
            Self::Bytes => f.write_str("内容不是文字 / the message is not a text"),
            Self::TypedData => f.write_str("不认识此数据所指的合约 / the contract that this data is for is not known"),
        }
    }
}

struct Line {
    depth: usize,
    name: String,
    value: String,
}

/// All that is signed.
#[derive(Default)]
pub struct Page {
    lines: Vec<Line>,
    doubts: Vec<Doubt>,
}

impl Page {
    pub fn line(&mut self, depth: usize, label: Label, value: impl Display) {
        let name = format!("{} / {}", label.zh, label.en);
        self.raw(depth, &name, value);
    }

    /// A line under a name of somebody else's.
    pub fn raw(&mut self, depth: usize, name: &str, value: impl Display) {
        // One beyond the most, which is enough to refuse.
        if self.lines.len() <= MAX_LINES {
            let (name, value) = (name.to_owned(), value.to_string());
            self.lines.push(Line { depth, name, value });
        }
    }

    pub fn doubt(&mut self, doubt: Doubt) {
        if !self.doubts.contains(&doubt) && self.doubts.len() < MAX_LINES {
            self.doubts.push(doubt);
        }
    }

    pub const fn is_understood(&self) -> bool {
        self.doubts.is_empty()
    }

    #[cfg(test)]
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }

    pub fn complete(self) -> Result<Self, TooLong> {
        if self.lines.len() > MAX_LINES {
            Err(TooLong)
        } else {
            Ok(self)
        }
    }
}

impl Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for line in &self.lines {
            let indent = "  ".repeat(line.depth);
            writeln!(text, "{indent}{}: {}", line.name, line.value)?;
        }
        for doubt in &self.doubts {
            writeln!(text, "警告 / WARNING: {doubt}")?;
        }
        f.write_str(text.trim_end())
    }
}
