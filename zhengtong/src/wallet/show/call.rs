//! A call of a contract, opened up to the calls inside it.

use super::{
    Book,
    labels::{self, label},
    page::{Doubt, Page},
    values,
};
use crate::wallet::openings::{Openings, ProposalContent};
use alloy_dyn_abi::{DynSolValue, JsonAbiExt as _};
use alloy_json_abi::{Function, JsonAbi, Param};
use alloy_primitives::{Address, Bytes, U256};
use serde::Deserialize;
use zhengtong_bindings::abi_json;

/// How deep calls in calls are opened.
const MAX_DEPTH: usize = 4;

/// What calls are read with.
pub struct Calls<'a> {
    pub book: &'a Book,
    pub openings: &'a Openings,
}

#[derive(Deserialize)]
struct AbiFile {
    abi: JsonAbi,
}

impl Calls<'_> {
    pub fn show(&self, page: &mut Page, depth: usize, to: Address, value: U256, input: &Bytes) {
        self.nested(page, depth, to, value, input, 0);
    }

    fn nested(&self, page: &mut Page, depth: usize, to: Address, value: U256, input: &Bytes, level: usize) {
        let name = self.book.name(to);
        let kind = name.and_then(labels::contract);
        match kind {
            Some(kind) => page.line(
                depth,
                label("contract"),
                format!("{} {} ({to})", kind.zh, kind.en),
            ),
            None => page.line(depth, label("to"), to),
        }
        page.line(depth, label("value"), values::wei(value));
        if level >= MAX_DEPTH {
            page.line(depth, label("data"), values::bytes(input));
            page.doubt(Doubt::Depth);
            return;
        }
        let (Some(name), Some(_)) = (name, kind) else {
            // Ether for an account is understood; a call is not.
            if !input.is_empty() {
                page.line(depth, label("data"), values::bytes(input));
                page.doubt(Doubt::Contract(to));
            }
            return;
        };
        match read(name, input) {
            Some((function, arguments)) => match labels::function(name, &function.name) {
                Some(meaning) => {
                    page.line(
                        depth,
                        label("function"),
                        format!("{} {} ({})", meaning.zh, meaning.en, function.name),
                    );
                    self.arguments(page, depth + 1, (to, name), &function, &arguments, level);
                }
                None => {
                    page.line(depth, label("function"), function.signature());
                    page.line(depth, label("data"), values::bytes(input));
                    page.doubt(Doubt::Function);
                }
            },
            None => {
                page.line(depth, label("data"), values::bytes(input));
                page.doubt(Doubt::Function);
            }
        }
    }

    fn arguments(
        &self,
        page: &mut Page,
        depth: usize,
        (to, contract): (Address, &str),
        function: &Function,
        arguments: &[DynSolValue],
        level: usize,
    ) {
        let named = |name: &str| {
            let at = function.inputs.iter().position(|input| input.name == name)?;
            arguments.get(at)
        };
        let inner = inner_calls(to, contract, function, &named);
        // Calls that cannot be told apart are shown as they are; the contract refuses them.
        if inner.is_none() && named("calldatas").is_some() {
            page.doubt(Doubt::Function);
        }
        let is_inside = |name: &str| {
            inner.is_some() && ["targets", "values", "calldatas", "target", "value", "data"].contains(&name)
        };
        for (input, value) in function.inputs.iter().zip(arguments) {
            if !is_inside(&input.name) {
                self.field(page, depth, (contract, &function.name), input, value);
            }
        }
        for (number, (to, value, data)) in (1..).zip(inner.unwrap_or_default()) {
            page.line(depth, label("innerCall"), number);
            self.nested(page, depth + 1, to, value, &data, level + 1);
        }
        if contract == "council" && function.name.starts_with("castVote") {
            let id = named("proposalId")
                .and_then(|id| id.as_uint())
                .map(|(id, _)| id)
                .unwrap_or_default();
            match self.openings.proposal(id) {
                Some(content) => self.proposal(page, depth, content, level),
                None => page.doubt(Doubt::Proposal(id)),
            }
        }
    }

    /// The content behind a proposal's id.
    fn proposal(&self, page: &mut Page, depth: usize, content: &ProposalContent, level: usize) {
        page.line(depth, label("proposalText"), values::text(&content.description));
        if content.targets.len() != content.calldatas.len() || content.targets.len() != content.values.len() {
            page.doubt(Doubt::Function);
        }
        let calls = content
            .targets
            .iter()
            .zip(&content.values)
            .zip(&content.calldatas);
        for (number, ((to, value), data)) in (1..).zip(calls) {
            page.line(depth, label("proposalCall"), number);
            self.nested(page, depth + 1, *to, *value, data, level + 1);
        }
    }

    fn field(&self, page: &mut Page, depth: usize, of: (&str, &str), param: &Param, value: &DynSolValue) {
        let known = labels::field(of.0, of.1, &param.name);
        let line = |page: &mut Page, value: String| match known {
            Some(known) => page.line(depth, known, value),
            None => page.raw(depth, &values::text(&param.name), value),
        };
        let said = |value: &DynSolValue| values::say(of.0, &param.name, value, self.book, self.openings);
        match value {
            DynSolValue::Array(items) | DynSolValue::FixedArray(items) => {
                line(page, format!("{} 项 items", items.len()));
                for (number, item) in (1..).zip(items) {
                    match item {
                        DynSolValue::Tuple(fields) => {
                            page.raw(depth + 1, &format!("[{number}]"), "");
                            self.fields(page, depth + 2, of, &param.components, fields);
                        }
                        item => page.raw(depth + 1, &format!("[{number}]"), said(item)),
                    }
                }
            }
            DynSolValue::Tuple(fields) => {
                line(page, String::new());
                self.fields(page, depth + 1, of, &param.components, fields);
            }
            value => line(page, said(value)),
        }
    }

    fn fields(
        &self,
        page: &mut Page,
        depth: usize,
        of: (&str, &str),
        params: &[Param],
        values: &[DynSolValue],
    ) {
        for (param, value) in params.iter().zip(values) {
            self.field(page, depth, of, param, value);
        }
    }
}

/// A call of a contract in one line of English, if it is one that has words.
pub fn words(contract: &str, input: &Bytes, book: &Book) -> Option<String> {
    let (function, arguments) = read(contract, input)?;
    let meaning = labels::function(contract, &function.name)?.en;
    let of = (contract, function.name.as_str());
    let inputs = function
        .inputs
        .iter()
        .map(|param| (param.name.as_str(), &param.components[..]));
    let told = told(of, inputs.zip(&arguments), book);
    Some(if told.is_empty() {
        meaning.to_owned()
    } else {
        format!("{meaning}: {told}")
    })
}

/// A contract's refusal in one line of English, if it is one of its own.
pub fn refusal(contract: &str, output: &Bytes, book: &Book) -> Option<String> {
    let (selector, rest) = output.split_at_checked(4)?;
    let file: AbiFile = serde_json::from_str(abi_json(contract)?).ok()?;
    let error = file.abi.errors().find(|error| error.selector() == selector)?;
    let values = error.abi_decode_input(rest).ok()?;
    let inputs = error
        .inputs
        .iter()
        .map(|param| (param.name.as_str(), &param.components[..]));
    let told = told((contract, ""), inputs.zip(&values), book);
    let name = spoken(&error.name);
    Some(if told.is_empty() {
        name
    } else {
        format!("{name}: {told}")
    })
}

/// `AlreadyValidator` as people say it.
fn spoken(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// Named values, one after another.
fn told<'v>(
    of: (&str, &str),
    named: impl Iterator<Item = ((&'v str, &'v [Param]), &'v DynSolValue)>,
    book: &Book,
) -> String {
    let one = |((name, components), value): ((&'v str, &'v [Param]), &'v DynSolValue)| {
        let known = labels::field(of.0, of.1, name).map(|label| label.en.to_owned());
        let name_said = known.unwrap_or_else(|| spoken(name));
        format!("{name_said} {}", value_told(of, name, components, value, book))
    };
    named.map(one).collect::<Vec<_>>().join(", ")
}

fn value_told(
    of: (&str, &str),
    name: &str,
    components: &[Param],
    value: &DynSolValue,
    book: &Book,
) -> String {
    match value {
        DynSolValue::Array(items) | DynSolValue::FixedArray(items) => {
            let items = items
                .iter()
                .map(|item| value_told(of, name, components, item, book));
            format!("[{}]", items.collect::<Vec<_>>().join("; "))
        }
        DynSolValue::Tuple(fields) => {
            let inputs = components
                .iter()
                .map(|param| (param.name.as_str(), &param.components[..]));
            format!("({})", told(of, inputs.zip(fields), book))
        }
        value => values::say(of.0, name, value, book, &Openings::default()),
    }
}

/// The function and its arguments, if the calldata is exactly what they are encoded as.
fn read(contract: &str, input: &Bytes) -> Option<(Function, Vec<DynSolValue>)> {
    let (selector, rest) = input.split_at_checked(4)?;
    let file: AbiFile = serde_json::from_str(abi_json(contract)?).ok()?;
    let function = file
        .abi
        .functions()
        .find(|function| function.selector() == selector)?
        .clone();
    let arguments = function.abi_decode_input(rest).ok()?;
    // Bytes that decoding passes over would be signed unseen.
    let again = function.abi_encode_input(&arguments).ok()?;
    (again == input.as_ref()).then_some((function, arguments))
}

/// The calls that a call makes, where it is one that makes calls.
fn inner_calls<'v>(
    at: Address,
    contract: &str,
    function: &Function,
    named: &impl Fn(&str) -> Option<&'v DynSolValue>,
) -> Option<Vec<(Address, U256, Bytes)>> {
    let bytes = |value: &DynSolValue| Some(Bytes::copy_from_slice(value.as_bytes()?));
    match (contract, function.name.as_str()) {
        ("uses", "multicall") => {
            let calls = named("data")?.as_array()?.iter();
            calls.map(|data| Some((at, U256::ZERO, bytes(data)?))).collect()
        }
        ("council", "relay") => {
            let (to, value) = (named("target")?.as_address()?, named("value")?.as_uint()?.0);
            Some(vec![(to, value, bytes(named("data")?)?)])
        }
        ("council", _) => {
            let (to, values) = (named("targets")?.as_array()?, named("values")?.as_array()?);
            let data = named("calldatas")?.as_array()?;
            if to.len() != values.len() || to.len() != data.len() {
                return None;
            }
            let calls = to.iter().zip(values).zip(data);
            let read = |((to, value), data): ((&DynSolValue, &DynSolValue), &DynSolValue)| {
                Some((to.as_address()?, value.as_uint()?.0, bytes(data)?))
            };
            calls.map(read).collect()
        }
        _ => None,
    }
}
