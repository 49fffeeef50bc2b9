//! The catalogue as the API shows it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One item of the published catalogue, 政务服务事项.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogueItem {
    /// 实施编码.
    pub item_code: String,
    pub name: String,
    pub department: String,
    pub group: Option<String>,
    /// 1 licence, 5 benefit, 7 confirmation, 8 award, 9 ruling, 10 other power, 20 public service.
    pub task_type: u32,
    /// The service package behind the item, if there is one.
    pub service: Option<ServiceSummary>,
}

/// Whether one can apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// One can apply: the package here is the one published on the chain.
    Running,
    /// Published, and switched off by its owner.
    Inactive,
    /// The package is here, and not published on the chain.
    Unpublished,
    /// The package here is not the one published on the chain. Nothing of it is shown as valid.
    PackageMismatch,
    /// Published on the chain, and its package is not here.
    PackageMissing,
}

/// A service in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceSummary {
    pub slug: String,
    /// Latest version on the chain.
    pub version: Option<u32>,
    /// Title by language: `zh-CN`, `en`.
    pub title: BTreeMap<String, String>,
    pub state: ServiceState,
}

/// One item, or one service, with its package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceDetail {
    /// The catalogue item; null for a service that is not in the catalogue.
    pub item: Option<CatalogueItem>,
    pub service: Option<ServiceSummary>,
    /// What the chain says of the latest version.
    pub published: Option<PublishedService>,
    /// The whole package, when the service runs or is switched off.
    #[schema(value_type = Option<Object>)]
    pub package: Option<serde_json::Value>,
    /// What is wrong, in the state `package_mismatch`.
    pub error: Option<PackageError>,
}

/// The package here and the package on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackageError {
    pub published_hash: String,
    pub local_hash: String,
}

/// A version of a service on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublishedService {
    pub slug: String,
    pub version: u32,
    pub owner: String,
    pub sponsor: String,
    pub package_hash: String,
    pub rule_set: String,
    pub promised_seconds: u32,
    pub statutory_seconds: u32,
    pub appeal_seconds: u32,
    pub active: bool,
    pub credential_type: String,
    pub uri: String,
    /// Unix seconds.
    pub published_at: u64,
}

/// A department with the number of its items (`count`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Department {
    pub name: String,
    pub count: u32,
    /// How many of them run.
    pub running: u32,
}
