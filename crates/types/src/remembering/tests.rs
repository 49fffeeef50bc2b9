//! Whatever is asked, and however often: with a memory the answer is the one without.

use super::*;
use crate::{NAMESPACE, consensus::Digest};
use commonware_codec::{Copying, DecodeExt as _, types::lazy::Lazy};
use commonware_consensus::{
    simplex::types::Proposal,
    types::{Epoch, Round, View},
};
use commonware_cryptography::{
    Signer as _, bls12381::dkg::feldman_desmedt::deal, bls12381::primitives::sharing::Mode, ed25519,
};
use commonware_parallel::Sequential;
use commonware_utils::{TryCollect as _, non_empty};
use rand::{SeedableRng as _, rngs::ChaCha20Rng};

const VALIDATORS: u64 = 4;

/// The same committee with a memory and without.
struct Both {
    remembering: Vec<Scheme>,
    plain: Vec<Threshold>,
}

fn committee(seed: u64) -> Both {
    let keys = (0..VALIDATORS).map(|index| ed25519::PrivateKey::from_seed(index).public_key());
    let players: Set<ValidatorKey> = keys.try_collect().expect("keys differ");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let dealt = deal::<MinSig, _, N3f1>(&mut rng, Mode::NonZeroCounter, players.clone());
    let (output, shares) = dealt.expect("there are players");
    let public = output.public().clone();
    let (remembering, plain) = shares
        .into_iter()
        .map(|(_, share)| {
            let at = (players.clone(), public.clone());
            let plain = Threshold::signer(NAMESPACE, at.0.clone(), at.1.clone(), share.clone());
            let remembering = Scheme::signer(NAMESPACE, at.0, at.1, share);
            (remembering.expect("a player"), plain.expect("a player"))
        })
        .unzip();
    Both { remembering, plain }
}

fn proposal(view: u64) -> Proposal<Digest> {
    let round = Round::new(Epoch::zero(), View::new(view));
    Proposal::new(round, View::zero(), Digest::from([view as u8; 32]))
}

/// A vote's signer and signature.
type Vote = (u32, Vec<u8>);

impl Both {
    fn sign(&self, signer: usize, proposal: &Proposal<Digest>) -> Vote {
        let vote = self.remembering[signer].sign(Subject::Finalize { proposal });
        let vote = vote.expect("it has a share");
        (vote.signer.get(), vote.signature.encode().to_vec())
    }

    /// What assembling these votes gives at everyone, which must be the same with a memory and without: a certificate, or who
    /// did not sign.
    fn assemble(
        &self,
        proposal: &Proposal<Digest>,
        pending: &[Vote],
        verified: &[Vote],
    ) -> Result<Vec<u8>, Vec<u32>> {
        fn attest<S: Signing<Signature = <MinSig as Variant>::Signature>>(
            votes: &[Vote],
        ) -> Vec<Attestation<S>> {
            let attest = |(signer, signature): &Vote| Attestation {
                signer: Participant::new(*signer),
                signature: Lazy::decode(Copying(signature)).expect("48 bytes"),
            };
            votes.iter().map(attest).collect()
        }
        fn answer<S>(
            scheme: &S,
            proposal: &Proposal<Digest>,
            pending: &[Vote],
            verified: &[Vote],
        ) -> Result<Vec<u8>, Vec<u32>>
        where
            S: Signing<Signature = <MinSig as Variant>::Signature, Certificate = Certificate>
                + for<'a> Verifier<Subject<'a, Digest> = Subject<'a, Digest>>,
        {
            let mut rng = ChaCha20Rng::seed_from_u64(1);
            let subject = Subject::Finalize { proposal };
            let found = scheme.optimistic_assemble::<_, Digest, _, _>(
                &mut rng,
                subject,
                attest(pending),
                &attest(verified),
                &Sequential,
            );
            found
                .map(|certificate| certificate.encode().to_vec())
                .map_err(|found| found.invalid.iter().map(|signer| signer.get()).collect())
        }
        let expected = answer(&self.plain[0], proposal, pending, verified);
        for scheme in &self.remembering {
            assert_eq!(answer(scheme, proposal, pending, verified), expected);
        }
        expected
    }
}

#[test]
fn every_quorum_gives_the_one_certificate() {
    let both = committee(1);
    let proposal = proposal(1);
    let votes: Vec<Vote> = (0..4).map(|signer| both.sign(signer, &proposal)).collect();
    let first = both.assemble(&proposal, &votes[..3], &[]).expect("a quorum");
    assert_eq!(both.assemble(&proposal, &votes[1..], &[]), Ok(first.clone()));
    assert_eq!(
        both.assemble(&proposal, &votes[2..], &votes[..1]),
        Ok(first.clone())
    );
    assert_eq!(both.assemble(&proposal, &[], &votes[..3]), Ok(first.clone()));
    assert_eq!(both.assemble(&proposal, &votes, &[]), Ok(first));
}

#[test]
fn too_few_votes_are_too_few_however_good() {
    let both = committee(2);
    let proposal = proposal(1);
    let votes: Vec<Vote> = (0..4).map(|signer| both.sign(signer, &proposal)).collect();
    both.assemble(&proposal, &votes, &[]).expect("a quorum");
    assert_eq!(both.assemble(&proposal, &votes[..2], &[]), Err(Vec::new()));
    let twice = [votes[0].clone(), votes[1].clone(), votes[1].clone()];
    both.assemble(&proposal, &twice, &[]).expect_err("two signers");
}

#[test]
fn a_wrong_vote_is_found_beside_remembered_ones() {
    let (both, others) = (committee(3), committee(4));
    let proposals = [proposal(1), proposal(2)];
    let votes = proposals.each_ref().map(|proposal| {
        let votes = (0..4).map(|signer| both.sign(signer, proposal));
        votes.collect::<Vec<Vote>>()
    });
    for (proposal, votes) in proposals.iter().zip(&votes) {
        both.assemble(proposal, votes, &[]).expect("a quorum");
    }
    let foreign = others.sign(2, &proposals[0]);
    let wrong = [
        // Of another message, of another signer, of another committee, of nobody.
        (2, votes[1][2].1.clone()),
        (2, votes[0][3].1.clone()),
        foreign,
        (2, vec![0xFF; 48]),
    ];
    for vote in wrong {
        for _ in 0..2 {
            let pending = [votes[0][0].clone(), vote.clone(), votes[0][1].clone()];
            assert_eq!(
                both.assemble(&proposals[0], &pending, &[]),
                Err(vec![2]),
                "{vote:?}"
            );
        }
    }
    both.assemble(&proposals[0], &votes[1][..3], &[])
        .expect_err("they are of another message");
}

#[test]
fn a_certificate_is_of_one_key_and_one_message() {
    let (both, others) = (committee(5), committee(6));
    let (right, wrong) = (proposal(1), proposal(2));
    let votes: Vec<Vote> = (0..3).map(|signer| both.sign(signer, &right)).collect();
    let certificate = both.assemble(&right, &votes, &[]).expect("a quorum");
    let certificate = Certificate::decode(Copying(&certificate)).expect("48 bytes");
    let holds = |scheme: &Scheme, subject: Subject<'_, Digest>| {
        scheme.verify_certificate(
            &mut ChaCha20Rng::seed_from_u64(1),
            subject,
            &certificate,
            &Sequential,
        )
    };
    let reader = Scheme::certificate_verifier(NAMESPACE, *both.plain[0].identity());
    // From memory the second time.
    for _ in 0..2 {
        for scheme in [&both.remembering[3], &reader] {
            assert!(holds(scheme, Subject::Finalize { proposal: &right }));
            assert!(!holds(scheme, Subject::Finalize { proposal: &wrong }));
            assert!(!holds(scheme, Subject::Notarize { proposal: &right }));
        }
        assert!(!holds(
            &others.remembering[0],
            Subject::Finalize { proposal: &right }
        ));
    }
    assert_eq!(
        both.remembering[0].assemble(
            non_empty![@votes.iter().map(|(signer, signature)| Attestation {
                signer: Participant::new(*signer),
                signature: Lazy::decode(Copying(signature)).expect("48 bytes"),
            })],
            &Sequential
        ),
        Ok(certificate)
    );
}
