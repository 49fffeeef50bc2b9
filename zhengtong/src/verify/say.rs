//! What is said besides the report: what is waited for, and why nothing was checked.

use super::{Lang, words::pick};
use alloy_primitives::B256;
use reqwest::Url;
use thiserror::Error;
use zhengtong_client::ClientError;

/// Lines on standard error while a case is fetched, so that the report is alone on standard output.
#[derive(Clone, Copy)]
pub struct Progress {
    pub lang: Lang,
}

impl Progress {
    pub fn asking(self, url: &Url) {
        self.line(&format!("{} {url}", pick(self.lang, "正在询问", "asking")));
    }

    pub fn searching(self, start: u64, end: u64) {
        let what = pick(
            self.lang,
            "正在查找办件事件，区块",
            "searching the case's events in blocks",
        );
        self.line(&format!("{what} {start}–{end}"));
    }

    pub fn fetching(self, count: usize) {
        let what = pick(
            self.lang,
            "正在取得证明，交易数",
            "fetching the proofs of transactions:",
        );
        self.line(&format!("{what} {count}"));
    }

    #[expect(clippy::print_stderr, reason = "said to the person who waits")]
    fn line(self, text: &str) {
        eprintln!("{text} …");
    }
}

/// Why nothing was checked, where it is more than a tool's own failure.
#[derive(Debug, Error)]
pub enum Unchecked {
    #[error("{rpc} is of another network: its key is {found}, the one to check by is {expected}")]
    Network {
        rpc: String,
        expected: String,
        found: String,
    },
    #[error("the node at {rpc} knows no case {id}")]
    NoCase { rpc: String, id: B256 },
    #[error("the node at {rpc} gives no proof of transaction {hash}: {message}")]
    NoTransaction {
        rpc: String,
        hash: B256,
        message: String,
    },
    #[error(
        "the network's public key is missing: give it with --network-key.\nTake it from a source that you trust: the \
         agencies publish it. On the machine of a network, name its\nfolder with --data. A key from the server or the file \
         that is checked would prove nothing."
    )]
    NoKey,
}

impl Unchecked {
    fn zh(&self) -> String {
        match self {
            Self::Network { rpc, expected, found } => {
                format!("{rpc} 属于另一个网络：其公钥为 {found}，用于核验的公钥为 {expected}")
            }
            Self::NoCase { rpc, id } => format!("节点 {rpc} 没有办件 {id}"),
            Self::NoTransaction { rpc, hash, message } => {
                format!("节点 {rpc} 没有给出交易 {hash} 的证明{}", detail(message))
            }
            Self::NoKey => "缺少网络公钥：请用 --network-key 给出。\n请从可信的来源取得，各机构均有公布；在网络本机上，可用 \
                            --data 指明其数据文件夹。来自被核验的服务器或文件的公钥证明不了任何事。"
                .into(),
        }
    }
}

/// Why nothing was checked, in words. What a library or the system says stays as it is, and is called that.
pub fn why(error: &anyhow::Error, lang: Lang) -> String {
    let told = crate::failure::told(error);
    if lang == Lang::En {
        let hint = match error.downcast_ref::<ClientError>() {
            Some(ClientError::Unreachable { .. }) => {
                "\nIs the node running? Name another one with --rpc, http://127.0.0.1:9545 for instance"
            }
            _ => "",
        };
        return format!("{told}{hint}");
    }
    if let Some(known) = error.downcast_ref::<Unchecked>() {
        return known.zh();
    }
    match error.downcast_ref::<ClientError>() {
        Some(ClientError::Unreachable { url, .. }) => {
            format!(
                "无法连接节点 {url}，请检查节点是否在运行；节点在别的地址时用 --rpc 给出，例如 --rpc http://127.0.0.1:9545{}",
                detail(&told)
            )
        }
        Some(_) => format!("节点没有给出可用的答复{}", detail(&told)),
        None => format!("核验未能进行{}", detail(&told)),
    }
}

/// A technical text, which is in English alone.
fn detail(text: &str) -> String {
    format!("（英文详情：{text}）")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_checked_is_said_in_one_language() {
        let is_chinese = |text: &str| {
            text.chars()
                .any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
        };
        let rpc = "http://192.0.2.1:8545".to_owned();
        let id = B256::repeat_byte(7);
        let none = anyhow::Error::new(Unchecked::NoCase { rpc, id });
        assert_eq!(
            why(&none, Lang::Zh),
            format!("节点 http://192.0.2.1:8545 没有办件 {id}")
        );
        assert!(!is_chinese(&why(&none, Lang::En)));
        let away = anyhow::Error::new(ClientError::Unreachable {
            url: "http://192.0.2.1:8545".into(),
            tries: 10,
            reason: "refused".into(),
        });
        assert!(why(&away, Lang::Zh).starts_with("无法连接节点 http://192.0.2.1:8545"));
        assert!(why(&away, Lang::Zh).contains("（英文详情："));
        for lang in [Lang::Zh, Lang::En] {
            assert!(why(&away, lang).contains("--rpc"), "{}", why(&away, lang));
        }
        assert!(!is_chinese(&why(&away, Lang::En)));
    }
}
