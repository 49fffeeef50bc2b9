//! The engine's scheme with a memory of what it found, for simulations: all their validators are in one process and check
//! the same votes and certificates.
//!
//! Whether a certificate is valid depends on the key, the message and the signature, so the answer is kept under all three.
//! Votes that are each the one that their signer's share gives, whichever quorum they are of, give the one certificate of
//! their message; so a certificate is assembled once from votes that were signed here, and again only from other ones.
//! Everything else, and any vote that was not signed here, goes to [`Threshold`]. No randomness is drawn where it
//! draws none, nor the other way round: a run is the same with this scheme and with that.

use crate::consensus::{Threshold, ValidatorKey};
use commonware_codec::Encode as _;
use commonware_consensus::simplex::{scheme::Namespace, types::Subject};
use commonware_cryptography::{
    Digest, Hasher as _, Sha256,
    bls12381::primitives::{
        group::Share,
        sharing::Sharing,
        variant::{MinSig, Variant},
    },
    certificate::{
        AssemblyError, Attestation, Membership, Namespace as _, Scheme as Signing, Subject as _,
        Verification, Verifier,
    },
    sha256,
};
use commonware_parallel::Strategy;
use commonware_utils::{Faults as _, N3f1, Participant, iter::NonEmpty, ordered::Set};
use rand::CryptoRng;
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap, HashSet},
};

type Certificate = <Threshold as Verifier>::Certificate;
type Key = sha256::Digest;

/// Entries of a kind; with one more, all are forgotten.
const MOST: usize = 1 << 16;

thread_local! {
    /// A simulation has one thread.
    static MEMORY: RefCell<Memory> = RefCell::default();
}

#[derive(Default)]
struct Memory {
    /// Whether a certificate is valid, by the network's key, message and signature.
    checked: HashMap<Key, bool>,
    /// Votes that were signed here, by committee, message, signer and signature.
    signed: HashSet<Key>,
    /// What votes that were signed here gave, by committee and message.
    assembled: HashMap<Key, Certificate>,
}

impl Memory {
    fn check(&mut self, key: Key, valid: bool) {
        if self.checked.len() == MOST {
            self.checked.clear();
        }
        self.checked.insert(key, valid);
    }

    fn sign(&mut self, key: Key) {
        if self.signed.len() == MOST {
            self.signed.clear();
        }
        self.signed.insert(key);
    }

    fn assemble(&mut self, key: Key, certificate: Certificate) {
        if self.assembled.len() == MOST {
            self.assembled.clear();
        }
        self.assembled.insert(key, certificate);
    }
}

/// The key of parts, none of which can be taken for another.
fn key(parts: &[&[u8]]) -> Key {
    let mut text = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part);
    }
    Sha256::hash(&[&text])
}

/// As [`Threshold`], with a memory.
#[derive(Clone, Debug)]
pub struct Scheme {
    threshold: Threshold,
    namespace: Namespace,
    /// The network's key, encoded.
    network: Box<[u8]>,
    /// The committee's public polynomial, hashed. Who only checks certificates has none.
    committee: Option<Key>,
}

impl Scheme {
    /// As [`Threshold::signer`].
    pub fn signer(
        namespace: &[u8],
        participants: Set<ValidatorKey>,
        polynomial: Sharing<MinSig>,
        share: Share,
    ) -> Option<Self> {
        let committee = key(&[&polynomial.encode()]);
        let threshold = Threshold::signer(namespace, participants, polynomial, share)?;
        Some(Self::new(namespace, threshold, Some(committee)))
    }

    /// As [`Threshold::verifier`].
    pub fn verifier(namespace: &[u8], participants: Set<ValidatorKey>, polynomial: Sharing<MinSig>) -> Self {
        let committee = key(&[&polynomial.encode()]);
        let threshold = Threshold::verifier(namespace, participants, polynomial);
        Self::new(namespace, threshold, Some(committee))
    }

    /// As [`Threshold::member`].
    pub fn member(
        namespace: &[u8],
        participants: Set<ValidatorKey>,
        polynomial: Sharing<MinSig>,
        public_key: &ValidatorKey,
    ) -> Option<Self> {
        let committee = key(&[&polynomial.encode()]);
        let threshold = Threshold::member(namespace, participants, polynomial, public_key)?;
        Some(Self::new(namespace, threshold, Some(committee)))
    }

    /// As [`Threshold::certificate_verifier`].
    pub fn certificate_verifier(namespace: &[u8], identity: <MinSig as Variant>::Public) -> Self {
        Self::new(
            namespace,
            Threshold::certificate_verifier(namespace, identity),
            None,
        )
    }

    /// The network's key.
    pub fn identity(&self) -> &<MinSig as Variant>::Public {
        self.threshold.identity()
    }

    fn new(namespace: &[u8], threshold: Threshold, committee: Option<Key>) -> Self {
        Self {
            namespace: Namespace::derive(namespace),
            network: threshold.identity().encode().as_ref().into(),
            threshold,
            committee,
        }
    }

    /// The key of a message of a committee.
    fn message<D: Digest>(&self, subject: &Subject<'_, D>) -> Option<Key> {
        let committee = self.committee.as_ref()?;
        Some(key(&[
            committee.as_ref(),
            subject.namespace(&self.namespace),
            &subject.message(),
        ]))
    }

    /// The key of a certificate.
    fn certificate<D: Digest>(&self, subject: &Subject<'_, D>, certificate: &Certificate) -> Key {
        key(&[
            &self.network,
            subject.namespace(&self.namespace),
            &subject.message(),
            &certificate.encode(),
        ])
    }
}

/// The key of a vote.
fn vote<S: Signing>(message: &Key, attestation: &Attestation<S>) -> Key {
    key(&[
        message.as_ref(),
        &attestation.signer.get().to_be_bytes(),
        &attestation.signature.encode(),
    ])
}

/// Whether these are votes of a quorum, each signed here.
fn signed_here(message: &Key, votes: &[&Attestation<Threshold>], validators: usize) -> bool {
    let signers: BTreeSet<Participant> = votes.iter().map(|vote| vote.signer).collect();
    signers.len() == votes.len()
        && signers.len() >= N3f1::quorum(validators) as usize
        && MEMORY.with_borrow(|memory| {
            votes
                .iter()
                .all(|attestation| memory.signed.contains(&vote(message, attestation)))
        })
}

/// The same vote, of the scheme without a memory.
fn inner(attestation: Attestation<Scheme>) -> Attestation<Threshold> {
    Attestation {
        signer: attestation.signer,
        signature: attestation.signature,
    }
}

fn outer(attestation: Attestation<Threshold>) -> Attestation<Scheme> {
    Attestation {
        signer: attestation.signer,
        signature: attestation.signature,
    }
}

fn verification(found: Verification<Threshold>) -> Verification<Scheme> {
    Verification::new(found.verified.into_iter().map(outer).collect(), found.invalid)
}

impl Verifier for Scheme {
    type Subject<'a, D: Digest> = Subject<'a, D>;
    type Faults = N3f1;
    type PublicKey = ValidatorKey;
    type Certificate = Certificate;

    fn verify_certificate<R, D>(
        &self,
        rng: &mut R,
        subject: Subject<'_, D>,
        certificate: &Certificate,
        strategy: &impl Strategy,
    ) -> bool
    where
        R: CryptoRng,
        D: Digest,
    {
        let key = self.certificate(&subject, certificate);
        if let Some(valid) = MEMORY.with_borrow(|memory| memory.checked.get(&key).copied()) {
            return valid;
        }
        let valid = self
            .threshold
            .verify_certificate(rng, subject, certificate, strategy);
        MEMORY.with_borrow_mut(|memory| memory.check(key, valid));
        valid
    }

    fn verify_certificates<'a, R, D, I>(
        &self,
        rng: &mut R,
        certificates: NonEmpty<I>,
        strategy: &impl Strategy,
    ) -> bool
    where
        R: CryptoRng,
        D: Digest,
        I: Iterator<Item = (Subject<'a, D>, &'a Certificate)>,
    {
        self.threshold.verify_certificates(rng, certificates, strategy)
    }

    fn is_batchable() -> bool {
        Threshold::is_batchable()
    }

    fn max_certificate_size(participants: u32) -> usize {
        Threshold::max_certificate_size(participants)
    }

    fn certificate_codec_config(&self) {}

    fn certificate_codec_config_unbounded() {}
}

impl Signing for Scheme {
    type Signature = <MinSig as Variant>::Signature;

    fn me(&self) -> Option<Membership> {
        self.threshold.me()
    }

    fn participants(&self) -> &Set<ValidatorKey> {
        self.threshold.participants()
    }

    fn sign<D: Digest>(&self, subject: Subject<'_, D>) -> Option<Attestation<Self>> {
        let message = self.message(&subject);
        let signed = self.threshold.sign(subject)?;
        // That the share is the committee's was checked when it was taken.
        if let Some(message) = message {
            MEMORY.with_borrow_mut(|memory| memory.sign(vote(&message, &signed)));
        }
        Some(outer(signed))
    }

    fn verify_attestation<R, D>(
        &self,
        rng: &mut R,
        subject: Subject<'_, D>,
        attestation: &Attestation<Self>,
        strategy: &impl Strategy,
    ) -> bool
    where
        R: CryptoRng,
        D: Digest,
    {
        self.threshold
            .verify_attestation(rng, subject, &inner(attestation.clone()), strategy)
    }

    fn verify_attestations<R, D, I>(
        &self,
        rng: &mut R,
        subject: Subject<'_, D>,
        attestations: I,
        strategy: &impl Strategy,
    ) -> Verification<Self>
    where
        R: CryptoRng,
        D: Digest,
        I: IntoIterator<Item = Attestation<Self>>,
        I::IntoIter: Send,
    {
        let attestations = attestations.into_iter().map(inner);
        verification(
            self.threshold
                .verify_attestations::<_, D, _>(rng, subject, attestations, strategy),
        )
    }

    fn optimistic_assemble<'a, R, D, I, J>(
        &self,
        rng: &mut R,
        subject: Subject<'_, D>,
        pending: I,
        verified: J,
        strategy: &impl Strategy,
    ) -> Result<Certificate, Verification<Self>>
    where
        R: CryptoRng,
        D: Digest,
        I: IntoIterator<Item = Attestation<Self>>,
        I::IntoIter: ExactSizeIterator + Send,
        J: IntoIterator<Item = &'a Attestation<Self>>,
        J::IntoIter: Send,
    {
        let pending: Vec<_> = pending.into_iter().map(inner).collect();
        let verified: Vec<_> = verified.into_iter().cloned().map(inner).collect();
        let votes: Vec<_> = pending.iter().chain(&verified).collect();
        let message = self
            .message(&subject)
            .filter(|message| signed_here(message, &votes, self.participants().len()));
        if let Some(message) = &message
            && let Some(certificate) = MEMORY.with_borrow(|memory| memory.assembled.get(message).cloned())
        {
            return Ok(certificate);
        }
        let certificate = self
            .threshold
            .optimistic_assemble::<_, D, _, _>(rng, subject, pending, &verified, strategy)
            .map_err(verification)?;
        if let Some(message) = message {
            let checked = self.certificate(&subject, &certificate);
            MEMORY.with_borrow_mut(|memory| {
                memory.check(checked, true);
                memory.assemble(message, certificate.clone());
            });
        }
        Ok(certificate)
    }

    fn assemble<I>(
        &self,
        attestations: NonEmpty<I>,
        strategy: &impl Strategy,
    ) -> Result<Certificate, AssemblyError>
    where
        I: Iterator<Item = Attestation<Self>> + Send,
    {
        let (first, rest) = attestations.into_parts();
        let attestations = NonEmpty::new(inner(first), rest.map(inner));
        self.threshold.assemble(attestations, strategy)
    }

    fn is_attributable() -> bool {
        Threshold::is_attributable()
    }
}

#[cfg(test)]
mod tests;
