//! The report's words in Chinese and English.
//!
//! Names of services, questions and laws come from the packages that this program was built with:
//! they explain, and prove nothing. What has no name is shown as the chain keeps it.

use super::{
    Lang,
    report::{DecisionSummary, FactSummary, StepName, StepResult, Summary},
};
use alloy_primitives::B256;
use std::{fmt::Write, sync::OnceLock};
use zhengtong_bindings::statute_id;
use zhengtong_index::words::{Outcome, Status};
use zhengtong_services::{Library, bundled};

const FEN_PER_YUAN: u64 = 100;

pub fn pick(lang: Lang, zh: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

pub fn given(lang: Lang) -> &'static str {
    pick(lang, "网络公钥由您提供", "network key given by you")
}

pub fn unchecked(lang: Lang) -> &'static str {
    pick(lang, "未能核验", "not checked")
}

pub fn step(lang: Lang, step: StepName) -> &'static str {
    let (zh, en) = match step {
        StepName::File => ("文件完整，格式正确", "the file is whole and of the right format"),
        StepName::Network => ("属于该公钥的网络", "it is of the network with this key"),
        StepName::Certificate => ("证书由全网共同签名", "the network signed the certificates"),
        StepName::Headers => ("区块头与证书相连", "the headers belong to the certificates"),
        StepName::Transaction => ("交易在区块之内", "the transactions are in the blocks"),
        StepName::Receipt => ("回执在区块之内", "the receipts are in the blocks"),
        StepName::Account => ("办件合约在链上状态之内", "the contract is in the chain's state"),
        StepName::Storage => (
            "办件数据在链上状态之内",
            "the case's data is in the chain's state",
        ),
        StepName::Events => ("事件可读", "the events can be read"),
        StepName::Complete => ("事件连续，一件不缺", "the events are complete, none left out"),
        StepName::Uses => (
            "每次答复之前都有用数记录",
            "every answer has a use record before it",
        ),
        StepName::Rules => ("规则表与其编号一致", "the rules are those the case names"),
        StepName::Case => (
            "事件推出的结果与链上一致",
            "the events lead to what the chain holds",
        ),
        StepName::Decision => (
            "按规则重算，结论一致",
            "the rules, run again, give the same result",
        ),
    };
    pick(lang, zh, en)
}

pub fn verdict(lang: Lang, steps: &[StepResult]) -> String {
    if steps.iter().all(|result| result.ok == Some(true)) {
        return pick(lang, "全部通过。", "Everything holds.").to_owned();
    }
    let failed = steps.iter().filter(|result| result.ok == Some(false));
    let names: Vec<_> = failed.map(|result| step(lang, result.step)).collect();
    format!(
        "{}{}",
        pick(lang, "未通过：", "Does not hold: "),
        names.join(pick(lang, "；", "; "))
    )
}

pub fn summary(lang: Lang, summary: &Summary) -> String {
    let mut out = String::new();
    let title = text(lang, summary.service.as_str(), "service.title");
    let slug = &summary.service;
    let name = title.map_or_else(|| slug.to_string(), |title| format!("{title} ({slug})"));
    let version = pick(lang, "版本", "version");
    let _ = writeln!(
        out,
        "{}: {name}, {version} {}",
        pick(lang, "事项", "service"),
        summary.version
    );
    let status = summary.status.map_or("?", |status| self::status(lang, status));
    let _ = writeln!(out, "{}: {status}", pick(lang, "状态", "status"));
    for fact in &summary.facts {
        let _ = writeln!(out, "  {}", self::fact(lang, slug.as_str(), fact));
    }
    if let Some(decision) = &summary.decision {
        let _ = writeln!(out, "{}", self::decision(lang, slug.as_str(), decision));
    }
    out
}

fn fact(lang: Lang, service: &str, fact: &FactSummary) -> String {
    let label = text(lang, service, &format!("predicate.{}.label", fact.predicate));
    let value = match fact.value {
        None if !fact.is_answered => pick(lang, "尚未答复", "not answered yet").to_owned(),
        None => pick(lang, "未知", "unknown").to_owned(),
        Some(1) if fact.is_boolean => pick(lang, "是", "yes").to_owned(),
        Some(0) if fact.is_boolean => pick(lang, "否", "no").to_owned(),
        Some(value) => value.to_string(),
    };
    format!(
        "{}: {value} ({})",
        label.unwrap_or_else(|| fact.predicate.to_string()),
        fact.provider
    )
}

fn decision(lang: Lang, service: &str, decision: &DecisionSummary) -> String {
    let outcome = match decision.outcome {
        Outcome::Approve => pick(lang, "批准", "approved"),
        Outcome::Refuse => pick(lang, "不予批准", "refused"),
        Outcome::Review => pick(lang, "待审", "in review"),
    };
    let by = if decision.by_officer {
        pick(lang, "由工作人员决定", "by an officer")
    } else {
        pick(lang, "由规则决定", "by the rules")
    };
    let mut out = format!("{}: {outcome}, {by}", pick(lang, "决定", "decision"));
    if decision.amount_fen > 0 {
        let (yuan, fen) = (
            decision.amount_fen / FEN_PER_YUAN,
            decision.amount_fen % FEN_PER_YUAN,
        );
        let _ = write!(out, ", {yuan}.{fen:02} {}", pick(lang, "元", "yuan"));
    }
    if let Some(row) = decision.row {
        let _ = write!(out, ", {} {}", pick(lang, "规则表行", "row"), u16::from(row) + 1);
    }
    let reason = text(lang, service, &format!("reason.{}.title", decision.reason));
    let reason = reason.unwrap_or_else(|| decision.reason.to_string());
    let law = law(decision.statute).unwrap_or_else(|| decision.statute.to_string());
    let _ = write!(
        out,
        "\n  {}: {reason}\n  {}: {law}",
        pick(lang, "理由", "reason"),
        pick(lang, "依据", "law")
    );
    out
}

fn status(lang: Lang, status: Status) -> &'static str {
    match status {
        Status::Asking => pick(lang, "核验中", "asking the agencies"),
        Status::Review => pick(lang, "人工审查中", "with an officer"),
        Status::Supplement => pick(lang, "待补正", "waiting for the applicant"),
        Status::Approved => pick(lang, "已批准", "approved"),
        Status::Refused => pick(lang, "不予批准", "refused"),
        Status::Closed => pick(lang, "已办结", "closed"),
    }
}

fn library() -> Option<&'static Library> {
    static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();
    LIBRARY.get_or_init(|| bundled::library().ok()).as_ref()
}

fn text(lang: Lang, service: &str, key: &str) -> Option<String> {
    let package = library()?.package(service)?;
    package.text(pick(lang, "zh-CN", "en"), key).map(str::to_owned)
}

fn law(statute: B256) -> Option<String> {
    let statutes = library()?.statutes();
    let found = statutes
        .into_iter()
        .find(|one| statute_id(&one.law, &one.article) == statute)?;
    Some(format!("{} {}", found.law, found.article))
}
