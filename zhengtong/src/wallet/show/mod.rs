//! What is signed, in Chinese and English, field by field.

mod call;
mod labels;
mod page;
mod values;

pub use call::{refusal, words};
pub use page::{Page, TooLong};

use super::{content::Content, file, openings::Openings, typed::Leaf, wire::SignRequest};
use crate::council::{Contracts, of_genesis};
use alloy_primitives::{Address, Bytes, TxKind, U256, hex};
use anyhow::{Context, Result, ensure};
use call::Calls;
use labels::{Label, label};
use page::Doubt;
use std::path::Path;

/// The largest file of contracts.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Which contract is where.
pub struct Book(Vec<(String, Address)>);

impl Book {
    /// Genesis puts them at the same addresses in every network.
    pub fn of_genesis() -> Self {
        Self(of_genesis().into_iter().collect())
    }

    /// Those of genesis, and further ones of the same kinds.
    pub fn read(path: &Path) -> Result<Self> {
        let text = file::read(path, MAX_FILE_BYTES)?;
        let further: Contracts =
            serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
        let mut book = Self::of_genesis();
        for (name, address) in further {
            ensure!(
                labels::contract(&name).is_some(),
                "{}: there is no contract {name:?}",
                path.display()
            );
            ensure!(
                book.name(address).is_none_or(|own| own == name),
                "{address} is another contract of genesis"
            );
            book.0.push((name, address));
        }
        Ok(book)
    }

    pub fn name(&self, address: Address) -> Option<&str> {
        self.0
            .iter()
            .find(|(_, at)| *at == address)
            .map(|(name, _)| name.as_str())
    }
}

/// All of a request.
pub fn page(
    request: &SignRequest,
    content: &Content,
    signer: Address,
    book: &Book,
    openings: &Openings,
) -> Result<Page, TooLong> {
    let mut page = Page::default();
    page.line(0, label("signer"), signer);
    page.line(0, label("path"), &request.path);
    page.line(0, label("chain"), request.chain_id);
    if let Some(origin) = &request.origin {
        page.line(0, label("origin"), values::text(origin));
    }
    let mut calls = Calls { book, openings };
    match content {
        Content::Legacy(tx) => {
            page.line(0, label("kind"), "交易 transaction (EIP-155)");
            page.line(0, label("nonce"), tx.nonce);
            page.line(0, label("gas"), tx.gas_limit);
            page.line(0, label("gasPrice"), values::wei(U256::from(tx.gas_price)));
            transaction(&mut page, &mut calls, tx.to, tx.value, &tx.input);
        }
        Content::Eip1559(tx) => {
            page.line(0, label("kind"), "交易 transaction (EIP-1559)");
            page.line(0, label("nonce"), tx.nonce);
            page.line(0, label("gas"), tx.gas_limit);
            page.line(0, label("maxFee"), values::wei(U256::from(tx.max_fee_per_gas)));
            page.line(
                0,
                label("priorityFee"),
                values::wei(U256::from(tx.max_priority_fee_per_gas)),
            );
            for item in &tx.access_list.0 {
                page.line(
                    0,
                    label("accessList"),
                    format!("{} {:?}", item.address, item.storage_keys),
                );
            }
            transaction(&mut page, &mut calls, tx.to, tx.value, &tx.input);
        }
        Content::Typed {
            data,
            domain,
            message,
            ..
        } => {
            page.line(0, label("kind"), "结构化数据 typed data (EIP-712)");
            typed(&mut page, &calls, domain, message, &data.primary_type);
        }
        Content::SignIn(sign_in, text) => {
            page.line(0, label("kind"), "登录 sign-in (EIP-4361)");
            page.line(0, label("domain"), values::text(&sign_in.domain));
            page.line(0, label("uri"), values::text(&sign_in.uri));
            page.line(0, label("signInNonce"), values::text(&sign_in.nonce));
            page.line(0, label("issuedAt"), values::text(&sign_in.issued_at));
            let expires = sign_in.expires_at.as_deref().map(values::text);
            page.line(
                0,
                label("expiresAt"),
                expires.unwrap_or_else(|| values::NONE.into()),
            );
            message_text(&mut page, text);
        }
        Content::Text(text) => {
            page.line(0, label("kind"), "文字 message (EIP-191)");
            message_text(&mut page, text);
        }
        Content::Bytes(bytes) => {
            page.line(0, label("kind"), "字节 bytes (EIP-191)");
            page.line(0, label("message"), format!("0x{}", hex::encode(bytes)));
            page.doubt(Doubt::Bytes);
        }
    }
    page.line(0, label("hash"), content.hash());
    page.complete()
}

fn transaction(page: &mut Page, calls: &mut Calls<'_>, to: TxKind, value: U256, input: &Bytes) {
    match to {
        TxKind::Call(to) => calls.show(page, 0, to, value, input),
        TxKind::Create => {
            page.line(0, label("value"), values::wei(value));
            page.line(0, label("creation"), values::bytes(input));
            page.doubt(Doubt::Creation);
        }
    }
}

fn typed(page: &mut Page, calls: &Calls<'_>, domain: &[Leaf], message: &[Leaf], primary: &str) {
    page.line(0, label("primaryType"), values::text(primary));
    let mut contract = None;
    for leaf in domain {
        if let ("verifyingContract", Some(value)) = (leaf.name.as_str(), &leaf.value) {
            contract = value.as_address().and_then(|address| calls.book.name(address));
        }
    }
    for (name, leaves) in [("typedDomain", domain), ("typedMessage", message)] {
        page.line(0, label(name), "");
        for leaf in leaves {
            let said = leaf.value.as_ref().map(|value| {
                values::say(
                    contract.unwrap_or_default(),
                    &leaf.name,
                    value,
                    calls.book,
                    calls.openings,
                )
            });
            let value = format!("{} ({})", said.unwrap_or_default(), values::text(&leaf.of));
            let known = labels::field(contract.unwrap_or_default(), primary, &leaf.name);
            match known {
                Some(known) => page.line(leaf.depth + 1, known, value),
                None => page.raw(leaf.depth + 1, &values::text(&leaf.name), value),
            }
        }
    }
    if contract.is_none() {
        page.doubt(Doubt::TypedData);
    }
}

fn message_text(page: &mut Page, text: &str) {
    page.line(0, label("message"), "");
    for line in text.lines() {
        page.raw(1, "|", values::text(line));
    }
}
