//! The server: HTTP and WebSocket on one port.

use crate::{
    api::{Answer, Api},
    args::Args,
    cors::CrossOrigin,
    debug, eth, limits,
    listen::listen,
    network, openrpc, proofs, quota,
    served::{self, Served},
    trace,
    traced::Traced,
    txpool,
};
use jsonrpsee::{
    RpcModule,
    core::{SubscriptionResult, traits::IdProvider},
    server::{
        BatchRequestConfig, PingConfig, Server, ServerConfig, ServerHandle,
        middleware::{
            http::{AuthorityError, HostFilterLayer},
            rpc::RpcServiceBuilder,
        },
    },
    types::{ErrorObjectOwned, SubscriptionId},
};
use serde::Serialize;
use std::{collections::HashSet, future::Future, net::SocketAddr, sync::Arc, time::Instant};
use thiserror::Error;
use tokio::{net::TcpListener, sync::broadcast::error::RecvError};
use tower_http::cors::{Any, CorsLayer};
use zhengtong_chain::ChainView;

/// How a node serves JSON-RPC.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Whom to answer.
    pub hosts: Hosts,
}

/// Which `Host` headers are answered. A web page that makes a name resolve to this machine is not one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// `localhost`, `127.0.0.1` and `[::1]`, on any port.
    Local,
    /// Local ones and these, each `name` or `name:port`, where the port may be `*`.
    Named(Vec<String>),
    /// All, for a node behind a proxy that checks.
    Any,
}

/// Why the server did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("\"{host}\" is not a host name with an optional port: {source}")]
    Host { host: String, source: AuthorityError },
}

/// A running server. It stops when it is told to, or dropped.
#[derive(Debug)]
pub struct RpcServer {
    address: SocketAddr,
    handle: ServerHandle,
}

impl RpcServer {
    /// Listens, and answers from `view`. Must be called within a Tokio runtime.
    pub async fn start<V: ChainView>(config: Config, view: V) -> Result<Self, StartError> {
        Self::serve(config, module(view)).await
    }

    /// Listens, and answers by the methods of a module. Must be called within a Tokio runtime.
    pub async fn serve(config: Config, module: RpcModule<()>) -> Result<Self, StartError> {
        let hosts = host_filter(&config.hosts)?;
        let cors = CorsLayer::new()
            .allow_origin(Any)
            .allow_methods(Any)
            .allow_headers(Any);
        let methods = Arc::new(module.method_names().collect::<HashSet<_>>());
        let named = methods.clone();
        let traced = move |inner| Traced {
            inner,
            methods: named.clone(),
        };
        let served = move |inner| Served {
            inner,
            methods: methods.clone(),
        };
        let refused = |source| StartError::Listen {
            address: config.address,
            source,
        };
        let listener = listen(config.address).and_then(TcpListener::into_std);
        let server = Server::builder()
            .set_config(limited())
            .set_http_middleware(
                tower::ServiceBuilder::new()
                    .layer(hosts)
                    .layer_fn(move |inner| CrossOrigin::new(&cors, inner))
                    .map_request(served::mark)
                    .map_response(served::silence),
            )
            .set_rpc_middleware(RpcServiceBuilder::new().layer_fn(traced).layer_fn(served))
            .build_from_tcp(listener.map_err(refused)?)
            .map_err(refused)?;
        let address = server.local_addr().map_err(refused)?;
        let handle = server.start(module);
        tracing::info!(%address, "JSON-RPC is served");
        Ok(Self { address, handle })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, and returns when the running ones are answered.
    pub async fn stop(self) {
        // An error says that it has stopped already.
        let _ = self.handle.stop();
        self.handle.stopped().await;
    }
}

fn limited() -> ServerConfig {
    ServerConfig::builder()
        .max_request_body_size(limits::MAX_REQUEST_BYTES)
        .max_response_body_size(limits::MAX_RESPONSE_BYTES)
        .max_connections(limits::MAX_CONNECTIONS)
        .max_subscriptions_per_connection(limits::MAX_SUBSCRIPTIONS_PER_CONNECTION)
        .set_message_buffer_capacity(limits::MAX_WAITING_MESSAGES)
        .set_batch_request_config(BatchRequestConfig::Limit(limits::MAX_BATCH))
        .enable_ws_ping(PingConfig::new().ping_interval(limits::PING_INTERVAL))
        .set_id_provider(HexIds)
        .build()
}

fn host_filter(hosts: &Hosts) -> Result<HostFilterLayer, StartError> {
    const LOCAL: [&str; 3] = ["localhost:*", "127.0.0.1:*", "[::1]:*"];
    let named: &[String] = match hosts {
        Hosts::Any => return Ok(HostFilterLayer::disable()),
        Hosts::Local => &[],
        Hosts::Named(named) => named,
    };
    for host in named {
        HostFilterLayer::new([host.as_str()]).map_err(|source| StartError::Host {
            host: host.clone(),
            source,
        })?;
    }
    let all = LOCAL.into_iter().chain(named.iter().map(String::as_str));
    HostFilterLayer::new(all).map_err(|source| StartError::Host {
        host: LOCAL.join(", "),
        source,
    })
}

/// Every method, over a view of a chain.
pub fn module<V: ChainView>(view: V) -> RpcModule<()> {
    module_with(view, |_| {})
}

/// Every method, over a view of a chain, as `change` leaves them.
pub fn module_with<V: ChainView>(view: V, change: impl FnOnce(&mut Methods<V>)) -> RpcModule<()> {
    let mut accepted = view.subscribe_pending();
    let api = Arc::new(Api::new(view));
    let log = Arc::downgrade(&api.pending);
    let mut methods = Methods {
        module: RpcModule::from_arc(api),
    };
    debug::register(&mut methods);
    eth::register(&mut methods);
    network::register(&mut methods);
    openrpc::register(&mut methods);
    proofs::register(&mut methods);
    quota::register(&mut methods);
    trace::register(&mut methods);
    txpool::register(&mut methods);
    change(&mut methods);
    let mut module = methods.module;
    let subscribed = module.register_subscription(
        "eth_subscribe",
        "eth_subscription",
        "eth_unsubscribe",
        |params, pending, api, _| -> std::pin::Pin<Box<dyn Future<Output = SubscriptionResult> + Send>> {
            Box::pin(eth::subscribe::serve(params, pending, api))
        },
    );
    debug_assert!(subscribed.is_ok(), "a name is registered twice");
    tokio::spawn(async move {
        loop {
            match accepted.recv().await {
                Ok(hash) => match log.upgrade() {
                    Some(log) => log.lock().push(hash),
                    None => return,
                },
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
    module.remove_context()
}

/// Registers methods.
pub struct Methods<V> {
    module: RpcModule<Api<V>>,
}

impl<V> std::fmt::Debug for Methods<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Methods").finish_non_exhaustive()
    }
}

impl<V: ChainView> Methods<V> {
    /// Adds a method that a chain of another kind has, or puts it in the place of the one with its name.
    pub fn replace<T, F, Fut>(&mut self, name: &'static str, method: F)
    where
        T: Serialize + Clone + Send + 'static,
        F: Fn(V, Args) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Answer<T>> + Send + 'static,
    {
        self.remove(name);
        self.add(name, move |api, args| method(api.view.clone(), args));
    }

    /// Takes a method away that the chain cannot have.
    pub fn remove(&mut self, name: &'static str) {
        self.module.remove_method(name);
    }

    /// The names of all.
    pub fn names(&self) -> Vec<&'static str> {
        self.module.method_names().collect()
    }

    /// Adds a method. The log gets its name, time and error code: never arguments, which may be about a person.
    pub(crate) fn add<T, F, Fut>(&mut self, name: &'static str, method: F)
    where
        T: Serialize + Clone + Send + 'static,
        F: Fn(Arc<Api<V>>, Args) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Answer<T>> + Send + 'static,
    {
        let added = self.module.register_async_method(name, move |params, api, _| {
            let args = Args::new(&params);
            let method = method.clone();
            async move {
                let started = Instant::now();
                let answer = match args {
                    Ok(args) => method(api, args).await,
                    Err(error) => Err(error),
                };
                let code = answer.as_ref().err().map_or(0, crate::RpcError::code);
                tracing::debug!(
                    method = name,
                    code,
                    elapsed_us = started.elapsed().as_micros() as u64,
                    "request"
                );
                answer.map_err(ErrorObjectOwned::from)
            }
        });
        debug_assert!(added.is_ok(), "{name} is registered twice");
    }
}

/// Subscription ids as geth gives them: random, hexadecimal.
#[derive(Debug)]
struct HexIds;

impl IdProvider for HexIds {
    fn next_id(&self) -> SubscriptionId<'static> {
        SubscriptionId::Str(alloy_primitives::FixedBytes::<16>::random().to_string().into())
    }
}
