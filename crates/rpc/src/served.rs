//! Refuses what is not served, in geth's words: methods that do not exist, by their names, and subscriptions over plain HTTP,
//! where there is nothing to push to. The server below would not name the one, and would call the other its own fault. And to
//! notifications, requests without an id, it would answer `null`, where JSON-RPC has no answer.

use futures::FutureExt as _;
use jsonrpsee::{
    core::middleware::{Batch, BatchEntry, BatchEntryErr, Notification, ResponseFuture},
    server::{HttpBody, HttpRequest, HttpResponse, MethodResponse, middleware::rpc::RpcServiceT},
    types::{ErrorObject, Request, error::METHOD_NOT_FOUND_CODE},
};
use std::{collections::HashSet, future::Future, sync::Arc};

/// Most characters of a name that are said again.
const MAX_NAME: usize = 64;

/// Marks requests of a WebSocket.
#[derive(Clone, Copy)]
struct OnSocket;

/// Marks the request that opens a WebSocket; what is sent over it inherits the mark.
pub(crate) fn mark<B>(mut request: HttpRequest<B>) -> HttpRequest<B> {
    if request.headers().contains_key("upgrade") {
        request.extensions_mut().insert(OnSocket);
    }
    request
}

/// Marks the answer to notifications alone.
#[derive(Clone, Copy)]
struct Unasked;

fn marked(mut answer: MethodResponse) -> MethodResponse {
    if answer.is_notification() {
        answer.extensions_mut().insert(Unasked);
    }
    answer
}

/// Takes the body of an answer away that nobody asked for.
pub(crate) fn silence(answer: HttpResponse) -> HttpResponse {
    match answer.extensions().get::<Unasked>() {
        Some(Unasked) => answer.map(|_| HttpBody::empty()),
        None => answer,
    }
}

/// A service that is only asked for what it serves.
#[derive(Clone)]
pub(crate) struct Served<S> {
    pub inner: S,
    /// The methods that are served.
    pub methods: Arc<HashSet<&'static str>>,
}

impl<S> Served<S> {
    fn refusal(&self, request: &Request<'_>) -> Option<ErrorObject<'static>> {
        let name = request.method_name();
        if !self.methods.contains(name) {
            let name: String = name.chars().take(MAX_NAME).collect();
            let message = format!("the method {name} does not exist/is not available");
            return Some(ErrorObject::owned(METHOD_NOT_FOUND_CODE, message, None::<()>));
        }
        let is_subscription = matches!(name, "eth_subscribe" | "eth_unsubscribe");
        (is_subscription && request.extensions().get::<OnSocket>().is_none()).then(|| {
            ErrorObject::borrowed(
                METHOD_NOT_FOUND_CODE,
                "notifications not supported; connect by WebSocket",
                None,
            )
        })
    }
}

impl<S> RpcServiceT for Served<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            NotificationResponse = MethodResponse,
            BatchResponse = MethodResponse,
        >,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = MethodResponse;
    type BatchResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        match self.refusal(&request) {
            Some(error) => ResponseFuture::ready(MethodResponse::error(request.id, error)),
            None => ResponseFuture::future(self.inner.call(request)),
        }
    }

    fn batch<'a>(&self, mut batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        for entry in batch.iter_mut() {
            let Ok(BatchEntry::Call(request)) = entry else {
                continue;
            };
            if let Some(error) = self.refusal(request) {
                *entry = Err(BatchEntryErr::new(request.id.clone(), error));
            }
        }
        self.inner.batch(batch).map(marked)
    }

    fn notification<'a>(
        &self,
        notification: Notification<'a>,
    ) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.inner.notification(notification).map(marked)
    }
}
