//! Who is there, with which plan and which result: each says so again and again on a channel of its own.
//!
//! Dealing begins only when everyone is there, because the share of a validator that does not answer is revealed.

use super::CeremonyError;
use crate::{PlanFile, p2p::Peer};
use alloy_primitives::B256;
use commonware_codec::{DecodeExt as _, Encode as _};
use commonware_p2p::{
    Receiver as _, Recipients, Sender as _,
    authenticated::lookup::{Receiver, Sender},
};
use commonware_runtime::{Clock as _, Spawner as _, Supervisor as _, tokio::Context};
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::watch;
use zhengtong_types::consensus::ValidatorKey;

/// Largest message: a plan's hash, and a genesis hash if there is one.
pub const MESSAGE_BYTES: usize = 65;
/// How often each says where it is.
const REPEAT: Duration = Duration::from_millis(500);

/// The hash of the plan, and of the genesis block once it is made.
type Word = ([u8; 32], Option<[u8; 32]>);
type Words = BTreeMap<ValidatorKey, Word>;

/// The meeting of a plan's validators.
pub struct Meeting {
    mine: watch::Sender<Word>,
    heard: watch::Receiver<Words>,
    others: Vec<ValidatorKey>,
}

impl Meeting {
    pub fn open(
        context: &Context,
        (sender, receiver): (Sender<ValidatorKey, Context>, Receiver<ValidatorKey>),
        plan: B256,
        me: &ValidatorKey,
        members: &[Peer],
    ) -> Self {
        let (mine, saying) = watch::channel((plan.0, None));
        let (hearing, heard) = watch::channel(Words::new());
        context
            .child("meeting_say")
            .spawn(move |context| say(context, sender, saying));
        context
            .child("meeting_hear")
            .spawn(move |_| hear(receiver, hearing));
        let others = members.iter().map(|(key, _)| key.clone());
        Self {
            mine,
            heard,
            others: others.filter(|key| key != me).collect(),
        }
    }

    /// Returns when all others are there with the same plan; tells who is missing whenever that changes.
    pub async fn everyone_is_here(
        &mut self,
        plan: &PlanFile,
        missing: impl FnMut(Vec<ValidatorKey>),
    ) -> Result<(), CeremonyError> {
        self.wait(plan, None, missing).await
    }

    /// Says that the network with this genesis is made, and returns when all others have said so.
    pub async fn everyone_has(
        &mut self,
        plan: &PlanFile,
        genesis: B256,
        missing: impl FnMut(Vec<ValidatorKey>),
    ) -> Result<(), CeremonyError> {
        self.mine.send_modify(|word| word.1 = Some(genesis.0));
        self.wait(plan, Some(genesis), missing).await
    }

    async fn wait(
        &mut self,
        plan: &PlanFile,
        result: Option<B256>,
        mut missing: impl FnMut(Vec<ValidatorKey>),
    ) -> Result<(), CeremonyError> {
        let mut told = None;
        loop {
            let absent = self.absent(plan, result)?;
            if absent.is_empty() {
                return Ok(());
            }
            if told.as_ref() != Some(&absent) {
                missing(absent.clone());
                told = Some(absent);
            }
            let changed = self.heard.changed().await;
            changed.map_err(|_| CeremonyError::Stopped("its connections ended".into()))?;
        }
    }

    /// Those that have not said what is waited for; an error if one has said something else.
    fn absent(&mut self, plan: &PlanFile, result: Option<B256>) -> Result<Vec<ValidatorKey>, CeremonyError> {
        let ours = plan.hash();
        let heard = self.heard.borrow_and_update();
        let mut absent = Vec::new();
        for key in &self.others {
            let Some((theirs, made)) = heard.get(key) else {
                absent.push(key.clone());
                continue;
            };
            let (theirs, who) = (B256::from(*theirs), plan.name_of(key).to_owned());
            if theirs != ours {
                return Err(CeremonyError::OtherPlan { who, theirs, ours });
            }
            match (result, made.map(B256::from)) {
                (Some(ours), Some(theirs)) if ours != theirs => {
                    return Err(CeremonyError::OtherResult { who, theirs, ours });
                }
                (Some(_), None) => absent.push(key.clone()),
                _ => {}
            }
        }
        Ok(absent)
    }
}

async fn say(context: Context, mut sender: Sender<ValidatorKey, Context>, saying: watch::Receiver<Word>) {
    loop {
        let word = *saying.borrow();
        // Whoever is not connected yet hears it next time.
        let _ = sender.send(Recipients::All, word.encode(), true);
        context.sleep(REPEAT).await;
    }
}

async fn hear(mut receiver: Receiver<ValidatorKey>, hearing: watch::Sender<Words>) {
    while let Ok((peer, message)) = receiver.recv().await {
        let Ok(word) = Word::decode(message) else {
            tracing::warn!(%peer, "a validator said what cannot be read; is it another version?");
            continue;
        };
        hearing.send_if_modified(|words| words.insert(peer, word) != Some(word));
    }
}
