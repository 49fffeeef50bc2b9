//! Starting and stopping an index.

use std::sync::Arc;

use axum::Router;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    catalogue::Catalogue,
    follow::{Follower, Progress},
    http::{self, App},
    live::Live,
    source::BlockSource,
    store::{Store, StoreError},
};

/// What an index needs.
pub struct Config {
    /// `sqlite:<path>` or `postgres://…`.
    pub database: String,
    /// Deletes every row first and reads the chain from its beginning.
    pub rebuild: bool,
    /// Where blocks and proofs come from.
    pub source: Arc<dyn BlockSource>,
    /// Items and packages.
    pub catalogue: Catalogue,
}

/// Why an index does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The index of one network.
pub struct Index;

/// A running index. Dropping it leaves the index running; [`Handle::stop`] ends it.
pub struct Handle {
    stop: watch::Sender<bool>,
    progress: watch::Receiver<Progress>,
    task: JoinHandle<()>,
    store: Store,
}

/// The addresses of the organisations' gateways, as the `Registry` has them.
#[derive(Clone)]
pub struct Gateways(Store);

impl Gateways {
    /// All of them now, in no order that means anything; those of the index's own host begin with `/`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn addresses(&self) -> Result<Vec<String>, StoreError> {
        let organisations = self.0.organisations().await?;
        Ok(organisations.into_iter().map(|one| one.gateway).collect())
    }
}

impl Index {
    /// Opens the database, starts to follow, and gives the routes of the API.
    ///
    /// Refuses a database of another network.
    pub async fn start(config: Config) -> Result<(Router, Handle), StartError> {
        let Config {
            database,
            rebuild,
            source,
            catalogue,
        } = config;
        let store = Store::open(&database, source.network(), rebuild).await?;
        let live = Live::default();
        let (progress_sender, progress) = watch::channel(Progress::default());
        let (stop, stopped) = watch::channel(false);
        let follower = Follower::new(store.clone(), source.clone(), live.clone(), progress_sender).await?;
        let task = tokio::spawn(follower.run(stopped));
        let router = http::router(App {
            store: store.clone(),
            source,
            catalogue: Arc::new(catalogue),
            live,
            progress: progress.clone(),
            statistics: Default::default(),
        });
        Ok((
            router,
            Handle {
                stop,
                progress,
                task,
                store,
            },
        ))
    }
}

impl Handle {
    /// How far the index is.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Where the organisations' gateways are, for as long as the index runs.
    pub fn gateways(&self) -> Gateways {
        Gateways(self.store.clone())
    }

    /// Ends the following after the block at hand, and closes the database.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // The task ends by itself; a panic in it has been logged.
        let _ = self.task.await;
        self.store.close().await;
    }
}
