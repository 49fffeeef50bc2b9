//! `ETag` and `If-None-Match`: an answer that has not changed is not sent again.

use alloy_primitives::{hex, keccak256};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::Problem;

/// Answers behind this middleware are lists of at most 100 entries, or one case.
const MAX_ANSWER_BYTES: usize = 16 * 1_024 * 1_024;
/// Characters of the hash in a tag.
const TAG_BYTES: usize = 16;

/// Adds the tag, and answers 304 to a request that already has it.
pub async fn add(request: Request, next: Next) -> Response {
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_ANSWER_BYTES).await else {
        return Problem::try_later("the answer is too large").into_response();
    };
    // Weak: the same content may be sent with or without compression.
    let tag = format!("W/\"{}\"", hex::encode(&keccak256(&bytes)[..TAG_BYTES]));
    parts
        .headers
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let matches = known.is_some_and(|known| is_match(&known, &tag));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    if matches {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn is_match(known: &HeaderValue, tag: &str) -> bool {
    let strip = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known
        .to_str()
        .is_ok_and(|known| known.trim() == "*" || known.split(',').any(|one| strip(one) == strip(tag)))
}
