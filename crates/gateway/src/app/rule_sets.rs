//! Rule sets by id. A node hands them over; the id is their hash, so nothing has to be believed.

use std::collections::HashMap;
use std::sync::Arc;

use alloy_primitives::{B256, Bytes};
use alloy_sol_types::SolCall;
use parking_lot::Mutex;
use zhengtong_bindings::rules::IRules::RuleSet;
use zhengtong_bindings::rules::Rules::ruleSetCall;
use zhengtong_bindings::{CONSENT, rule_set_id, slug_str};

use super::source::Predicate;
use super::{App, AppError};

/// The most rule sets kept in memory.
const MAX_CACHED: usize = 256;

/// What a gateway needs of a rule set.
#[derive(Debug)]
pub struct Questions {
    /// The predicates, by their place.
    pub predicates: Vec<Predicate>,
    providers: Vec<B256>,
    bases: Vec<B256>,
}

impl Questions {
    /// The predicates of `mask`, parted by basis, in order of their lowest bit: one use record each.
    pub fn by_basis(&self, mask: u32) -> Vec<(B256, u32)> {
        let mut parts: Vec<(B256, u32)> = Vec::new();
        for (index, basis) in self
            .bases
            .iter()
            .enumerate()
            .filter(|(index, _)| mask >> index & 1 == 1)
        {
            match parts.iter_mut().find(|(known, _)| known == basis) {
                Some((_, part)) => *part |= 1 << index,
                None => parts.push((*basis, 1 << index)),
            }
        }
        parts
    }

    /// Whether a basis means the applicant's consent.
    pub fn is_consent(basis: B256) -> bool {
        basis == CONSENT
    }

    /// The provider of a predicate.
    pub fn provider(&self, index: usize) -> B256 {
        self.providers.get(index).copied().unwrap_or_default()
    }
}

#[derive(Default)]
pub(crate) struct RuleSets(Mutex<HashMap<B256, Arc<Questions>>>);

impl App {
    /// The rule set with this id.
    pub(crate) async fn questions(&self, id: B256) -> Result<Arc<Questions>, AppError> {
        if let Some(known) = self.0.rule_sets.0.lock().get(&id) {
            return Ok(known.clone());
        }
        let call = Bytes::from(ruleSetCall { id }.abi_encode());
        let output = self.chain.call(self.contracts.rules, call).await?;
        let rule_set = ruleSetCall::abi_decode_returns(&output).map_err(|_| AppError::RuleSet(id))?;
        if rule_set_id(&rule_set) != id {
            return Err(AppError::RuleSet(id));
        }
        let questions = Arc::new(questions(&rule_set));
        let mut known = self.0.rule_sets.0.lock();
        if known.len() >= MAX_CACHED {
            known.clear();
        }
        known.insert(id, questions.clone());
        Ok(questions)
    }
}

fn questions(rule_set: &RuleSet) -> Questions {
    let predicates = rule_set.predicates.iter();
    Questions {
        predicates: predicates
            .clone()
            .map(|p| Predicate {
                id: slug_str(p.id).unwrap_or_default(),
                min: p.min,
                max: p.max,
            })
            .collect(),
        providers: predicates.clone().map(|p| p.provider).collect(),
        bases: predicates.map(|p| p.basis).collect(),
    }
}
