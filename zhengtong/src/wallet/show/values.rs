//! Values as people read them. The raw value is never left out.

use super::Book;
use crate::wallet::openings::Openings;
use alloy_dyn_abi::DynSolValue;
use alloy_primitives::{Address, B256, U256, hex, keccak256, utils::format_ether};
use zhengtong_bindings::{CONSENT, DECIDER, IDENTITY, ISSUER, NO_ROW, PROVIDER, RECOVERY, slug_str};

/// Bytes that are shown whole; of more, the first and the hash of all.
const WHOLE_BYTES: usize = 1_024;
/// What is not there.
pub const NONE: &str = "无 none";

/// A value of a field of a contract.
pub fn say(contract: &str, name: &str, value: &DynSolValue, book: &Book, openings: &Openings) -> String {
    match value {
        DynSolValue::Address(address) => account(*address, book),
        DynSolValue::FixedBytes(word, 32) => word_of(name, *word, openings),
        DynSolValue::FixedBytes(word, size) => format!("0x{}", hex::encode(&word[..*size])),
        DynSolValue::Uint(number, _) => number_of(contract, name, *number),
        DynSolValue::Int(number, _) => number.to_string(),
        DynSolValue::Bool(true) => "是 yes".into(),
        DynSolValue::Bool(false) => "否 no".into(),
        DynSolValue::String(said) => format!("\"{}\"", text(said)),
        DynSolValue::Bytes(content) => bytes(content),
        other => format!("{other:?}"),
    }
}

fn account(address: Address, book: &Book) -> String {
    match book.name(address) {
        _ if address.is_zero() => format!("{NONE} ({address})"),
        Some(name) => format!("{address} ({name})"),
        None => address.to_string(),
    }
}

fn word_of(name: &str, word: B256, openings: &Openings) -> String {
    if word.is_zero() {
        return format!("{NONE} ({word})");
    }
    if name == "basis" && word == CONSENT {
        return format!("本人同意 consent ({word})");
    }
    if let Some(slug) = slug_str(word) {
        return format!("{slug} ({word})");
    }
    match openings.text(word) {
        Some(opened) => format!("\"{}\" ({word})", text(&opened)),
        None => word.to_string(),
    }
}

fn number_of(contract: &str, name: &str, number: U256) -> String {
    let small = u64::try_from(number).ok();
    let meaning = match (contract, name, small) {
        (_, "until" | "validFrom", Some(seconds)) => time(seconds),
        (_, "validTo", Some(0)) => Some("未定 open".into()),
        (_, "validTo", Some(seconds)) => time(seconds),
        (_, "amountFen", Some(fen)) => Some(format!("{}.{:02} 元 yuan", fen / 100, fen % 100)),
        (_, "promisedSeconds" | "statutorySeconds" | "appealSeconds", Some(seconds)) => Some(span(seconds)),
        ("council", "support", Some(choice)) => one_of(&["反对 against", "赞成 for", "弃权 abstain"], choice),
        ("rules", "outcome", Some(outcome)) => {
            one_of(&["人工审查 review", "批准 approve", "不予批准 refuse"], outcome)
        }
        ("registry", "roles", Some(mask)) => Some(roles(mask)),
        ("cases", "row", Some(row)) if row == u64::from(NO_ROW) => Some(NONE.into()),
        ("quotas", "class", Some(class)) => one_of(
            &[
                "所有人 everyone",
                "机构 organisations",
                "办理人员 officers",
                "治理成员 governors",
                "市民 residents",
            ],
            class,
        ),
        _ => None,
    };
    meaning.map_or_else(|| number.to_string(), |meaning| format!("{number} ({meaning})"))
}

fn one_of(names: &[&str], index: u64) -> Option<String> {
    let name = names.get(usize::try_from(index).ok()?)?;
    Some((*name).to_owned())
}

fn roles(mask: u64) -> String {
    let names = [
        (PROVIDER, "提供数据 provider"),
        (DECIDER, "作出决定 decider"),
        (IDENTITY, "核验身份 identity"),
        (ISSUER, "签发证照 issuer"),
        (RECOVERY, "协助恢复 recovery"),
    ];
    let has = |bit: u32| mask & u64::from(bit) != 0;
    let known = names.iter().filter(|(bit, _)| has(*bit)).map(|(_, name)| *name);
    known.collect::<Vec<_>>().join(", ")
}

fn time(seconds: u64) -> Option<String> {
    let seconds = i64::try_from(seconds).ok()?;
    Some(jiff::Timestamp::from_second(seconds).ok()?.to_string())
}

fn span(seconds: u64) -> String {
    let (days, hours, rest) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600);
    format!("{days} 天 days {hours} 小时 hours {rest} 秒 s")
}

/// An amount of ether.
pub fn wei(amount: U256) -> String {
    if amount.is_zero() {
        return "0".into();
    }
    format!("{amount} wei ({} ether)", format_ether(amount))
}

pub fn bytes(content: &[u8]) -> String {
    if content.len() <= WHOLE_BYTES {
        return format!("0x{}", hex::encode(content));
    }
    let first = hex::encode(&content[..WHOLE_BYTES]);
    format!(
        "0x{first}… {} 字节 bytes, keccak256 {}",
        content.len(),
        keccak256(content)
    )
}

/// A text of somebody else's: nothing in it moves the cursor, hides, or turns the direction of reading.
pub fn text(text: &str) -> String {
    let shown = |c: char| {
        let hides = matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
        if c.is_control() || hides {
            c.escape_unicode().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(shown).collect()
}
