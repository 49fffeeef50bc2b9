//! The worked examples of `docs/proofs.md`, made from the golden proofs. `UPDATE_GOLDEN=1` writes them anew.

use crate::{golden, sample};
use alloy_primitives::{Bytes, hex, keccak256};
use commonware_codec::{Copying, Decode as _, DecodeExt as _};
use commonware_consensus::{Epochable as _, Viewable as _};
use commonware_cryptography::{Hasher as _, Sha256};
use std::{fmt::Write as _, path::PathBuf};
use zhengtong_types::{
    NetworkKey, ReceiptProof, StateEntry, StateProof,
    consensus::Finalization,
    header::{decode_header, header_hash},
    limits::MAX_STATE_DIGESTS,
    state_proof::{ExclusionProof, InclusionProof},
};

/// Characters of hexadecimal on one line.
const LINE: usize = 96;

#[derive(Default)]
struct Example(String);

impl Example {
    fn line(&mut self, name: &str, value: impl std::fmt::Display) -> &mut Self {
        writeln!(self.0, "{name:<18} {value}").unwrap();
        self
    }

    fn bytes(&mut self, name: &str, value: &[u8]) -> &mut Self {
        let text = hex::encode(value);
        let mut lines = text
            .as_bytes()
            .chunks(LINE)
            .map(|line| std::str::from_utf8(line).unwrap());
        self.line(name, lines.next().unwrap_or("(none)"));
        for line in lines {
            self.line("", line);
        }
        self
    }

    /// Long bytes by their ends and their hash.
    fn hashed(&mut self, name: &str, value: &Bytes) -> &mut Self {
        let (start, end) = (hex::encode(&value[..12]), hex::encode(&value[value.len() - 8..]));
        self.line(name, format!("{start}…{end}, {} bytes", value.len()));
        self.line("  its keccak", hex::encode(keccak256(value)))
    }
}

fn certificate(key: &NetworkKey, proof: &ReceiptProof) -> String {
    let bytes = &proof.finality.certificate;
    let decoded = Finalization::decode(Copying(bytes)).unwrap();
    let split = bytes.len() - 48;
    let message = [&[18][..], b"zhengtong_FINALIZE", &bytes[..split]].concat();
    let mut example = Example::default();
    example
        .bytes("key", key.to_bytes().as_slice())
        .bytes("certificate", bytes);
    example.line("epoch", decoded.epoch()).line(
        "view",
        format!("{}, as varint {}", decoded.view(), hex::encode(&bytes[1..3])),
    );
    example
        .line("parent view", decoded.proposal.parent)
        .bytes("block hash", decoded.proposal.payload.as_ref());
    example
        .bytes("signature", &bytes[split..])
        .bytes("message", &message);
    example.0
}

fn headers(proof: &ReceiptProof) -> String {
    let mut example = Example::default();
    for (index, rlp) in proof.finality.headers.iter().enumerate() {
        let header = decode_header(rlp).unwrap();
        assert_eq!(header_hash(&header), keccak256(rlp));
        example.hashed(&format!("headers[{index}]"), rlp);
        example
            .line("  its number", header.number)
            .bytes("  its parentHash", header.parent_hash.as_slice());
    }
    let last = decode_header(proof.finality.headers.last().unwrap()).unwrap();
    example
        .bytes("extraData", &last.extra_data)
        .bytes("transactionsRoot", last.transactions_root.as_slice());
    example.bytes("receiptsRoot", last.receipts_root.as_slice());
    example.line("time", format!("{} s and 250 ms", last.timestamp));
    example.0
}

fn receipt(proof: &ReceiptProof) -> String {
    let mut example = Example::default();
    let index = usize::try_from(proof.transaction_index).unwrap();
    example
        .line("index", index)
        .bytes("key", &alloy_rlp::encode_fixed_size(&index));
    example
        .bytes("transaction", &proof.transaction)
        .bytes("its hash", keccak256(&proof.transaction).as_slice());
    example.hashed("receipt", &proof.receipt);
    for (depth, node) in proof.proof.iter().enumerate() {
        example.hashed(&format!("proof[{depth}]"), node);
    }
    example.0
}

fn state(proof: &StateProof) -> String {
    let header = decode_header(&proof.finality.headers[0]).unwrap();
    let mut example = Example::default();
    example
        .bytes("stateRoot", header.state_root.as_slice())
        .bytes("address", proof.address.as_slice());
    inclusion(&mut example, &proof.account);
    writeln!(example.0).unwrap();
    example.bytes("slot", proof.slots[1].slot.as_slice());
    exclusion(&mut example, &proof.slots[1].entry);
    example.0
}

fn inclusion(example: &mut Example, entry: &StateEntry) {
    let proof = InclusionProof::decode_cfg(Copying(&entry.proof.data), &(MAX_STATE_DIGESTS, ())).unwrap();
    let value = entry.value.as_ref().unwrap();
    let operation = [&[0xd2][..], entry.key.as_slice(), value, proof.next_key.as_ref()].concat();
    let location = *proof.proof.loc;
    let position = 2 * location - u64::from(location.count_ones());
    let range = &proof.proof.range_proof;
    example
        .bytes("account key", entry.key.as_slice())
        .bytes("value", value)
        .bytes("proof", &entry.proof.data);
    example
        .line("location", location)
        .bytes("chunk", &proof.proof.chunk)
        .line("leaves", *range.proof.leaves);
    example
        .line("inactive", range.proof.inactive_peaks)
        .line("digests", range.proof.digests.len());
    example.bytes(
        "last chunk",
        range
            .partial_chunk_digest
            .as_ref()
            .map_or(&[], |digest| digest.as_ref()),
    );
    example
        .bytes("operations root", range.ops_root.as_ref())
        .bytes("next key", proof.next_key.as_ref());
    example.line("leaf position", position);
    example.bytes("leaf", &Sha256::hash(&[&position.to_be_bytes(), &operation]));
}

fn exclusion(example: &mut Example, entry: &StateEntry) {
    let proof = ExclusionProof::decode_cfg(Copying(&entry.proof.data), &(MAX_STATE_DIGESTS, (), ())).unwrap();
    let ExclusionProof::KeyValue(_, update) = proof else {
        panic!("the database is not empty")
    };
    example.bytes("slot key", entry.key.as_slice());
    example
        .bytes("left", update.key.as_ref())
        .bytes("right", update.next_key.as_ref());
}

/// Puts text between the markers of its name.
fn put(page: &str, name: &str, text: &str) -> String {
    let (open, close) = (format!("<!-- worked: {name} -->\n"), "<!-- end -->");
    let (before, rest) = page
        .split_once(&open)
        .unwrap_or_else(|| panic!("the page has no example \"{name}\""));
    let (_, after) = rest.split_once(close).expect("the marker is closed");
    format!("{before}{open}```\n{text}```\n{close}{after}")
}

#[test]
fn the_page_shows_what_is_so() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/proofs.md");
    let kept = std::fs::read_to_string(&path).expect("the page can be read");
    let network = golden::make().networks.remove(0);
    let proof = &network.receipts[1];
    assert_eq!(proof.transaction_index, 3);
    let examples = [
        ("certificate", certificate(&network.public_key, proof)),
        ("headers", headers(proof)),
        ("receipt", receipt(proof)),
        ("state", state(&network.state)),
    ];
    let made = examples
        .iter()
        .fold(kept.clone(), |page, (name, text)| put(&page, name, text));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &made).expect("the page can be written");
    } else {
        assert!(
            kept == made,
            "docs/proofs.md is stale; see the head of tests/it/docs.rs"
        );
    }
    assert_eq!(network.state.address, sample::CONTRACT);
}
