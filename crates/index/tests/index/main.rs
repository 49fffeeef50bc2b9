//! The index from outside: its databases, its API, its streams.

mod common;
mod http;
mod live;
mod openapi;
mod storage;
