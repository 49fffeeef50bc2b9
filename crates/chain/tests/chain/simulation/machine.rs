//! One validator's machine: the deterministic runtime with [`Faults`] in front.
//!
//! They are shared by all tasks of the validator and outlive its
//! restarts. Unsynced writes are gone when a blob is opened again, as the runtime sees to.

use super::faults::Faults;
use commonware_runtime::{
    Blob, BlobVersion, Clock, Error, Handle, IoBufs, IoBufsMut, Metrics, Name, Network, ReadOptions, SinkOf,
    Spawner, Storage, StreamOf, Supervisor, WriteOptions, deterministic,
    signal::Signal,
    telemetry::metrics::{Metric, Registered},
};
use rand_core::{TryCryptoRng, TryRng};
use std::{
    fmt::Display,
    future::Future,
    net::SocketAddr,
    ops::RangeInclusive,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// A context of the runtime on one machine.
pub struct Machine {
    inner: deterministic::Context,
    faults: Arc<Faults>,
}

impl Machine {
    pub fn new(inner: deterministic::Context, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }

    fn with(&self, inner: deterministic::Context) -> Self {
        Self {
            inner,
            faults: self.faults.clone(),
        }
    }
}

impl Supervisor for Machine {
    fn name(&self) -> Name {
        self.inner.name()
    }

    fn child(&self, label: &'static str) -> Self {
        self.with(self.inner.child(label))
    }

    fn with_attribute(self, key: &'static str, value: impl Display) -> Self {
        Self {
            inner: self.inner.with_attribute(key, value),
            faults: self.faults,
        }
    }
}

impl Spawner for Machine {
    fn shared(self, blocking: bool) -> Self {
        Self {
            inner: self.inner.shared(blocking),
            faults: self.faults,
        }
    }

    fn dedicated(self) -> Self {
        Self {
            inner: self.inner.dedicated(),
            faults: self.faults,
        }
    }

    fn spawn<F, Fut, T>(self, f: F) -> Handle<T>
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let faults = self.faults;
        self.inner.spawn(move |inner| f(Self { inner, faults }))
    }

    async fn stop(self, value: i32, timeout: Option<Duration>) -> Result<(), Error> {
        self.inner.stop(value, timeout).await
    }

    fn stopped(&self) -> Signal {
        self.inner.stopped()
    }
}

impl Metrics for Machine {
    fn register<N: Into<String>, H: Into<String>, M: Metric>(
        &self,
        name: N,
        help: H,
        metric: M,
    ) -> Registered<M> {
        self.inner.register(name, help, metric)
    }

    fn encode(&self) -> String {
        self.inner.encode()
    }
}

impl governor::clock::Clock for Machine {
    type Instant = SystemTime;

    fn now(&self) -> SystemTime {
        self.current()
    }
}

impl governor::clock::ReasonablyRealtime for Machine {}

impl Clock for Machine {
    fn current(&self) -> SystemTime {
        self.faults.skewed(self.inner.current())
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.inner.sleep(duration)
    }

    fn sleep_until(&self, deadline: SystemTime) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.inner.sleep_until(self.faults.straight(deadline))
    }
}

impl TryRng for Machine {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.inner.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.inner.try_next_u64()
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Self::Error> {
        self.inner.try_fill_bytes(dest)
    }
}

impl TryCryptoRng for Machine {}

/// The engine asks for it, but nothing of it is used: messages go through the simulated network.
impl Network for Machine {
    type Listener = <deterministic::Context as Network>::Listener;

    fn bind(&self, socket: SocketAddr) -> impl Future<Output = Result<Self::Listener, Error>> + Send {
        self.inner.bind(socket)
    }

    fn dial(
        &self,
        socket: SocketAddr,
    ) -> impl Future<Output = Result<(SinkOf<Self>, StreamOf<Self>), Error>> + Send {
        self.inner.dial(socket)
    }
}

impl Storage for Machine {
    type Blob = File;

    async fn open_versioned(
        &self,
        partition: &str,
        name: &[u8],
        versions: RangeInclusive<BlobVersion>,
    ) -> Result<(File, u64, BlobVersion), Error> {
        self.faults.change(partition).await?;
        let (inner, size, version) = self.inner.open_versioned(partition, name, versions).await?;
        let file = File {
            inner,
            partition: partition.to_owned(),
            faults: self.faults.clone(),
            clock: self.inner.child("file"),
        };
        Ok((file, size, version))
    }

    async fn remove(&self, partition: &str, name: Option<&[u8]>) -> Result<(), Error> {
        self.faults.alive().await;
        self.inner.remove(partition, name).await
    }

    async fn scan(&self, partition: &str) -> Result<Vec<Vec<u8>>, Error> {
        self.faults.alive().await;
        self.inner.scan(partition).await
    }
}

/// An open file of a machine.
pub struct File {
    inner: <deterministic::Context as Storage>::Blob,
    partition: String,
    faults: Arc<Faults>,
    clock: deterministic::Context,
}

impl File {
    async fn read(&self) {
        self.faults.alive().await;
        let time = self.faults.read_time();
        if !time.is_zero() {
            self.clock.sleep(time).await;
        }
    }
}

impl Blob for File {
    async fn read_at_buf(
        &self,
        offset: u64,
        len: usize,
        bufs: impl Into<IoBufsMut> + Send,
        options: ReadOptions,
    ) -> Result<IoBufsMut, Error> {
        let bufs = bufs.into();
        self.read().await;
        self.inner.read_at_buf(offset, len, bufs, options).await
    }

    async fn read_at(&self, offset: u64, len: usize, options: ReadOptions) -> Result<IoBufsMut, Error> {
        self.read().await;
        self.inner.read_at(offset, len, options).await
    }

    async fn write_at(
        &self,
        offset: u64,
        bufs: impl Into<IoBufs> + Send,
        options: WriteOptions,
    ) -> Result<(), Error> {
        let bufs = bufs.into();
        self.faults.change(&self.partition).await?;
        self.inner.write_at(offset, bufs, options).await
    }

    async fn resize(&self, len: u64) -> Result<(), Error> {
        self.faults.change(&self.partition).await?;
        self.inner.resize(len).await
    }

    async fn sync(&self) -> Result<(), Error> {
        self.start_sync().await.await
    }

    async fn start_sync(&self) -> Handle<()> {
        if let Err(error) = self.faults.change(&self.partition).await {
            return Handle::ready(Err(error));
        }
        if self.faults.pretends(&self.partition) {
            return Handle::ready(Ok(()));
        }
        let time = self.faults.sync_time();
        let done = self.inner.start_sync().await;
        if time.is_zero() {
            return done;
        }
        let sleep = self.clock.sleep(time);
        Handle::from_future(async move {
            sleep.await;
            done.await
        })
    }
}
