//! The shapes of the HTTP API.

pub mod case;
pub mod chain;
pub mod service;
pub mod statistics;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// How many there are in all.
    pub total: u64,
    /// The page, from 1.
    pub page: u32,
    pub per_page: u32,
    pub items: Vec<T>,
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// From 1.
    pub page: u32,
    pub per_page: u32,
}

impl PageRequest {
    /// How many rows stand before the page.
    pub fn offset(self) -> u64 {
        u64::from(self.page.saturating_sub(1)) * u64::from(self.per_page)
    }
}
