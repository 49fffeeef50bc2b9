//! Refuses subscriptions over plain HTTP, where there is nothing to push to, as geth does; the server below would call it
//! its own fault.

use jsonrpsee::{
    core::middleware::{Batch, BatchEntry, BatchEntryErr, Notification, ResponseFuture},
    server::{HttpRequest, MethodResponse, middleware::rpc::RpcServiceT},
    types::{ErrorObject, Request, error::METHOD_NOT_FOUND_CODE},
};
use std::future::Future;

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

/// A service that refuses subscriptions on what is not marked.
#[derive(Clone)]
pub(crate) struct SocketsOnly<S>(pub(crate) S);

fn refusal(request: &Request<'_>) -> Option<ErrorObject<'static>> {
    let is_refused = matches!(request.method_name(), "eth_subscribe" | "eth_unsubscribe")
        && request.extensions().get::<OnSocket>().is_none();
    is_refused.then(|| {
        ErrorObject::borrowed(
            METHOD_NOT_FOUND_CODE,
            "notifications not supported; connect by WebSocket",
            None,
        )
    })
}

impl<S> RpcServiceT for SocketsOnly<S>
where
    S: RpcServiceT<MethodResponse = MethodResponse>,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = S::NotificationResponse;
    type BatchResponse = S::BatchResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        match refusal(&request) {
            Some(error) => ResponseFuture::ready(MethodResponse::error(request.id, error)),
            None => ResponseFuture::future(self.0.call(request)),
        }
    }

    fn batch<'a>(&self, mut batch: Batch<'a>) -> impl Future<Output = S::BatchResponse> + Send + 'a {
        for entry in batch.iter_mut() {
            let Ok(BatchEntry::Call(request)) = entry else {
                continue;
            };
            if let Some(error) = refusal(request) {
                *entry = Err(BatchEntryErr::new(request.id.clone(), error));
            }
        }
        self.0.batch(batch)
    }

    fn notification<'a>(
        &self,
        notification: Notification<'a>,
    ) -> impl Future<Output = S::NotificationResponse> + Send + 'a {
        self.0.notification(notification)
    }
}
