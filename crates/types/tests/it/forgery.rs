//! Whatever is changed in a proof, it no longer verifies.

use crate::{golden, sample};
use alloy_primitives::Bytes;
use zhengtong_types::{
    NetworkKey, ReceiptProof, StateProof, Step, VerifyError,
    limits::{MAX_HEADERS, MAX_STATE_SLOTS},
    mocks::Committee,
};

/// Every byte changed, one bit each.
fn flipped(bytes: &Bytes) -> impl Iterator<Item = Bytes> + use<> {
    let bytes = bytes.to_vec();
    (0..bytes.len()).map(move |at| {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        changed.into()
    })
}

#[test]
fn a_changed_receipt_proof_is_refused() {
    let committee = Committee::new(7, 4);
    let proof = sample::receipt(&committee, 3);
    let mut refused = 0;
    let mut try_each = |bytes: &Bytes, put: fn(&mut ReceiptProof, Bytes), step: &[Step]| {
        for changed in flipped(bytes) {
            let mut forged = proof.clone();
            put(&mut forged, changed);
            let error = forged.verify(committee.key()).expect_err("it is forged");
            assert!(step.contains(&error.step()), "{error}");
            refused += 1;
        }
    };
    try_each(
        &proof.finality.certificate,
        |p, b| p.finality.certificate = b,
        &[Step::Certificate],
    );
    try_each(
        &proof.finality.headers[0],
        |p, b| p.finality.headers[0] = b,
        &[Step::Headers],
    );
    try_each(
        &proof.finality.headers[2],
        |p, b| p.finality.headers[2] = b,
        &[Step::Headers],
    );
    try_each(&proof.transaction, |p, b| p.transaction = b, &[Step::Transaction]);
    try_each(
        &proof.transaction_proof[0],
        |p, b| p.transaction_proof[0] = b,
        &[Step::Transaction],
    );
    try_each(&proof.receipt, |p, b| p.receipt = b, &[Step::Receipt]);
    for at in 0..proof.proof.len() {
        for changed in flipped(&proof.proof[at]) {
            let mut forged = proof.clone();
            forged.proof[at] = changed;
            assert_eq!(
                forged.verify(committee.key()).map_err(|e| e.step()),
                Err(Step::Receipt)
            );
            refused += 1;
        }
    }
    assert!(refused > 2_500, "{refused}");
}

#[test]
fn a_receipt_proof_put_together_differently_is_refused() {
    let committee = Committee::new(7, 1);
    let proof = sample::receipt(&committee, 3);
    let other = sample::receipt(&committee, 4);
    let refused = |change: &dyn Fn(&mut ReceiptProof), step| {
        let mut forged = proof.clone();
        change(&mut forged);
        let error = forged.verify(committee.key()).expect_err("it is forged");
        assert_eq!(error.step(), step, "{error}");
    };
    refused(&|p| p.transaction_index = 4, Step::Transaction);
    refused(&|p| p.block_number = 8, Step::Headers);
    refused(&|p| p.receipt = other.receipt.clone(), Step::Receipt);
    refused(
        &|p| (p.receipt, p.proof) = (other.receipt.clone(), other.proof.clone()),
        Step::Receipt,
    );
    refused(&|p| p.finality.headers.clear(), Step::Headers);
    refused(&|p| drop(p.finality.headers.remove(1)), Step::Headers);
    refused(&|p| drop(p.finality.headers.pop()), Step::Headers);
    refused(&|p| p.finality.headers.swap(1, 2), Step::Headers);
    refused(
        &|p| p.finality.headers = vec![p.finality.headers[0].clone(); MAX_HEADERS + 1],
        Step::Headers,
    );
    refused(&|p| p.proof.push(p.proof[0].clone()), Step::Receipt);
    refused(&|p| drop(p.proof.pop()), Step::Receipt);
    refused(&|p| p.proof.clear(), Step::Receipt);
    refused(
        &|p| p.finality.certificate = [&p.finality.certificate[..], &[0]].concat().into(),
        Step::Certificate,
    );
    refused(&|p| p.finality.certificate = Bytes::new(), Step::Certificate);
}

#[test]
fn another_networks_certificate_is_refused() {
    let proof = sample::receipt(&Committee::new(7, 4), 3);
    let other = Committee::new(8, 4);
    assert!(matches!(
        proof.verify(other.key()),
        Err(VerifyError::Signature { .. })
    ));
}

#[test]
fn a_changed_state_proof_is_refused() {
    let committee = Committee::new(7, 1);
    let proof = sample::state(&committee, 200);
    let refused = |forged: StateProof, step| {
        let error = forged.verify(committee.key()).expect_err("it is forged");
        assert_eq!(error.step(), step, "{error}");
    };
    for changed in flipped(&proof.account.proof.data) {
        let mut forged = proof.clone();
        forged.account.proof.data = changed;
        refused(forged, Step::Account);
    }
    for changed in flipped(proof.account.value.as_ref().expect("it exists")) {
        let mut forged = proof.clone();
        forged.account.value = Some(changed);
        refused(forged, Step::Account);
    }
    for slot in 0..proof.slots.len() {
        for changed in flipped(&proof.slots[slot].entry.proof.data) {
            let mut forged = proof.clone();
            forged.slots[slot].entry.proof.data = changed;
            refused(forged, Step::Slot);
        }
    }
    let with = |change: &dyn Fn(&mut StateProof)| {
        let mut forged = proof.clone();
        change(&mut forged);
        forged
    };
    refused(with(&|p| p.address = sample::person(1)), Step::Account);
    refused(with(&|p| p.account.value = None), Step::Account);
    refused(with(&|p| p.slots[0].slot.0[0] ^= 1), Step::Slot);
    refused(with(&|p| p.slots[0].entry.key.0[0] ^= 1), Step::Slot);
    refused(with(&|p| p.slots[0].entry = p.slots[1].entry.clone()), Step::Slot);
    refused(
        with(&|p| p.slots[1].entry.proof.kind = zhengtong_types::ProofKind::Inclusion),
        Step::Slot,
    );
    refused(
        with(&|p| p.slots[1].entry.value = Some(vec![0; 72].into())),
        Step::Slot,
    );
    refused(
        with(&|p| p.slots = vec![p.slots[0].clone(); MAX_STATE_SLOTS + 1]),
        Step::Slot,
    );
}

#[test]
fn network_keys_are_points_or_refused() {
    let key = golden::make().networks[0].public_key;
    assert_eq!(key.to_string().parse::<NetworkKey>(), Ok(key));
    let mut bytes = key.to_bytes();
    bytes[95] ^= 1;
    assert!(NetworkKey::try_from(bytes).is_err());
    assert!("0x00".parse::<NetworkKey>().is_err());
    // The point at infinity would accept no signature, and is refused on sight.
    let mut infinity = [0; 96];
    infinity[0] = 0xc0;
    assert!(NetworkKey::try_from(alloy_primitives::FixedBytes(infinity)).is_err());
}
