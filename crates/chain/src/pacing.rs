//! Decides when to build: at once when transactions wait, a little after the last block under load, otherwise at the
//! heartbeat.
//!
//! This stands between the engine and the application, because finalizing the parent waits for a build that has begun: a
//! build that slept for transactions would delay the very block that the submitter waits for.

use crate::{application::App, config::Config};
use alloy_primitives::B256;
use commonware_actor::Feedback;
use commonware_consensus::{Automaton, CertifiableAutomaton, Relay, Reporter, types::Round};
use commonware_runtime::Spawner;
use commonware_storage::Context as Storage;
use commonware_utils::channel::oneshot;
use futures::future::{Either, select};
use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use zhengtong_types::{
    consensus::{Context, Digest},
    header::hash_of,
};

/// An automaton whose proposals are paced.
pub struct Paced<E: Storage + Spawner, A> {
    context: Arc<E>,
    app: App<E>,
    inner: A,
}

impl<E: Storage + Spawner, A: Clone> Clone for Paced<E, A> {
    fn clone(&self) -> Self {
        Self {
            context: self.context.clone(),
            app: self.app.clone(),
            inner: self.inner.clone(),
        }
    }
}

impl<E: Storage + Spawner, A> Paced<E, A> {
    pub fn new(context: E, app: App<E>, inner: A) -> Self {
        Self {
            context: Arc::new(context),
            app,
            inner,
        }
    }
}

/// Returns when there is something to put on top of `parent`, or the heartbeat has passed.
async fn wait_for_work<E: Storage + Spawner>(clock: &E, app: &App<E>, parent: B256) {
    let mut heartbeat = pin!(clock.sleep(app.0.config.heartbeat));
    loop {
        let mut changed = pin!(app.0.pool.changed());
        // Listening begins before looking, so that nothing is missed in between.
        changed.as_mut().enable();
        if app.has_work(parent) {
            return gather(clock, app, parent).await;
        }
        if let Either::Right(_) = select(changed, heartbeat.as_mut()).await {
            return;
        }
    }
}

/// Lets transactions come together after a busy block. Its time is another validator's, so no wait is longer than the
/// interval.
async fn gather<E: Storage + Spawner>(clock: &E, app: &App<E>, parent: B256) {
    let Config {
        busy_transactions,
        busy_interval,
        ..
    } = app.0.config;
    let Some(parent) = app.0.recent(parent) else {
        return;
    };
    if parent.transactions.len() < busy_transactions {
        return;
    }
    let due = UNIX_EPOCH + Duration::from_millis(parent.timestamp_ms) + busy_interval;
    let wait = due.duration_since(clock.current()).unwrap_or_default();
    clock.sleep(wait.min(busy_interval)).await;
}

impl<E, A> Automaton for Paced<E, A>
where
    E: Storage + Spawner,
    A: Automaton<Context = Context, Digest = Digest> + Sync,
{
    type Context = Context;
    type Digest = Digest;

    async fn propose(&mut self, context: Context) -> oneshot::Receiver<Digest> {
        let (mut answer, receiver) = oneshot::channel();
        let (app, mut inner) = (self.app.clone(), self.inner.clone());
        self.context.child("pace").spawn(move |clock| async move {
            let parent = hash_of(&context.parent.1);
            {
                let ready = pin!(wait_for_work(&clock, &app, parent));
                if let Either::Right(_) = select(ready, pin!(answer.closed())).await {
                    return;
                }
            }
            let built = inner.propose(context).await;
            let digest = match select(built, pin!(answer.closed())).await {
                Either::Left((Ok(digest), _)) => digest,
                _ => return,
            };
            // The engine may have moved on.
            let _ = answer.send(digest);
        });
        receiver
    }

    async fn verify(&mut self, context: Context, payload: Digest) -> oneshot::Receiver<bool> {
        self.inner.verify(context, payload).await
    }
}

impl<E, A> CertifiableAutomaton for Paced<E, A>
where
    E: Storage + Spawner,
    A: CertifiableAutomaton<Context = Context, Digest = Digest> + Sync,
{
    async fn certify(&mut self, round: Round, payload: Digest) -> oneshot::Receiver<bool> {
        self.inner.certify(round, payload).await
    }
}

impl<E: Storage + Spawner, A: Relay + Sync> Relay for Paced<E, A> {
    type Digest = A::Digest;
    type PublicKey = A::PublicKey;
    type Plan = A::Plan;

    fn broadcast(&mut self, payload: Self::Digest, plan: Self::Plan) -> Feedback {
        self.inner.broadcast(payload, plan)
    }
}

impl<E: Storage + Spawner, A: Reporter + Sync> Reporter for Paced<E, A> {
    type Activity = A::Activity;

    fn report(&mut self, activity: Self::Activity) -> Feedback {
        self.inner.report(activity)
    }
}
