//! Lets pages of any origin ask (CORS). A request that names no origin is no page's, and its answer needs no headers for one.

use futures::future::Either;
use jsonrpsee::server::{HttpRequest, HttpResponse};
use std::task::{Context, Poll};
use tower::{Layer as _, Service};
use tower_http::cors::{Cors, CorsLayer};

/// A service that answers pages with CORS headers, and others without.
#[derive(Clone, Debug)]
pub(crate) struct CrossOrigin<S> {
    inner: S,
    from_page: Cors<S>,
}

impl<S: Clone> CrossOrigin<S> {
    pub fn new(cors: &CorsLayer, inner: S) -> Self {
        Self {
            from_page: cors.layer(inner.clone()),
            inner,
        }
    }
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
