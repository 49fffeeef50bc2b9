//! A span for each request, with the method's name if it is one of ours: what a client writes in its place is its own.

use jsonrpsee::{
    core::middleware::{Batch, Notification},
    server::middleware::rpc::RpcServiceT,
    types::Request,
};
use std::{collections::HashSet, future::Future, sync::Arc};
use tracing::{Instrument as _, info_span};
use zhengtong_chain::{TRACED, figure};

/// What stands for a method that is not served.
const OTHER: &str = "other";

/// A service whose requests have spans.
#[derive(Clone)]
pub(crate) struct Traced<S> {
    pub inner: S,
    /// The methods that are served.
    pub methods: Arc<HashSet<&'static str>>,
}

impl<S> RpcServiceT for Traced<S>
where
    S: RpcServiceT,
{
    type MethodResponse = S::MethodResponse;
    type NotificationResponse = S::NotificationResponse;
    type BatchResponse = S::BatchResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = S::MethodResponse> + Send + 'a {
        let method = self.methods.get(request.method_name()).unwrap_or(&OTHER);
        let span = info_span!(target: TRACED, "rpc.request", method);
        self.inner.call(request).instrument(span)
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = S::BatchResponse> + Send + 'a {
        let span = info_span!(target: TRACED, "rpc.batch", requests = figure(batch.len()));
        self.inner.batch(batch).instrument(span)
    }

    fn notification<'a>(
        &self,
        notification: Notification<'a>,
    ) -> impl Future<Output = S::NotificationResponse> + Send + 'a {
        self.inner.notification(notification)
    }
}
