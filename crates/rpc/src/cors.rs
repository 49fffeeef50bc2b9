//! Lets pages of any origin ask (CORS). A request that names no origin is no page's, and its answer needs no headers for one.

use futures::future::Either;
use jsonrpsee::server::{HttpRequest, HttpResponse};
use std::task::{Context, Poll};
use tower::{Layer, Service};
use tower_http::cors::{Any, Cors, CorsLayer};

/// Wraps services in [`CrossOrigin`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrossOriginLayer;

impl<S: Clone> Layer<S> for CrossOriginLayer {
    type Service = CrossOrigin<S>;

    fn layer(&self, inner: S) -> CrossOrigin<S> {
        let layer = CorsLayer::new()
            .allow_origin(Any)
            .allow_methods(Any)
            .allow_headers(Any);
        CrossOrigin {
            from_page: layer.layer(inner.clone()),
            inner,
        }
    }
}

/// A service that answers pages with CORS headers, and others without.
#[derive(Clone, Debug)]
pub(crate) struct CrossOrigin<S> {
    inner: S,
    from_page: Cors<S>,
}

impl<S, In, Out> Service<HttpRequest<In>> for CrossOrigin<S>
where
    S: Service<HttpRequest<In>, Response = HttpResponse<Out>>,
    Cors<S>: Service<HttpRequest<In>, Response = S::Response, Error = S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<<Cors<S> as Service<HttpRequest<In>>>::Future, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        std::task::ready!(self.from_page.poll_ready(context))?;
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest<In>) -> Self::Future {
        match request.headers().contains_key("origin") {
            true => Either::Left(self.from_page.call(request)),
            false => Either::Right(self.inner.call(request)),
        }
    }
}
