//! A validator's end of the simulated network, which a byzantine one may use for some of the others only.

use commonware_p2p::{
    LimitedSender, Recipients,
    simulated::{Receiver, Sender},
};
use commonware_runtime::deterministic;
use std::{sync::Arc, time::SystemTime};
use zhengtong_types::consensus::ValidatorKey;

pub type Incoming = Receiver<ValidatorKey>;
type Inner = Sender<ValidatorKey, deterministic::Context>;

/// Sends to those who are meant to hear it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    inner: Inner,
    /// Whoever may hear it; without it, everyone.
    audience: Option<Arc<[ValidatorKey]>>,
}

impl Outgoing {
    pub fn new(inner: Inner, audience: Option<Vec<ValidatorKey>>) -> Self {
        Self {
            inner,
            audience: audience.map(Into::into),
        }
    }

    fn narrowed(&self, recipients: Recipients<ValidatorKey>) -> Recipients<ValidatorKey> {
        let Some(audience) = &self.audience else {
            return recipients;
        };
        Recipients::Some(match recipients {
            Recipients::All => audience.to_vec(),
            Recipients::Some(keys) => keys.into_iter().filter(|key| audience.contains(key)).collect(),
            Recipients::One(key) => audience.iter().filter(|other| **other == key).cloned().collect(),
        })
    }
}

impl LimitedSender for Outgoing {
    type PublicKey = ValidatorKey;
    type Checked<'a> = <Inner as LimitedSender>::Checked<'a>;

    fn check(&mut self, recipients: Recipients<ValidatorKey>) -> Result<Self::Checked<'_>, SystemTime> {
        let recipients = self.narrowed(recipients);
        self.inner.check(recipients)
    }
}
