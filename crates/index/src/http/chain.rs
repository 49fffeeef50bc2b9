//! The network and what is listed on it.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{App, Problem, params::hash};
use crate::view::chain::{Organisation, RuleSetView, Statute};

/// The network, from its node; every value can be had from any other node too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Network {
    pub chain_id: u64,
    pub name: String,
    /// The one key that verifies everything: BLS12-381, G2, compressed.
    pub public_key: String,
    /// Namespace of the validators' signatures, hex.
    pub namespace: String,
    pub genesis_hash: String,
    pub validators: u32,
    pub threshold: u32,
    /// Addresses of the contracts by their name in the `Registry`.
    pub contracts: BTreeMap<String, String>,
    /// Version of the node.
    pub version: String,
    /// Last block in the index.
    pub block_number: u64,
    /// Unix milliseconds.
    pub block_time_ms: u64,
    pub organisations: Vec<Organisation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Organisations {
    pub items: Vec<Organisation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statutes {
    pub items: Vec<Statute>,
}

/// Describes the network.
#[utoipa::path(get, path = "/api/v1/network", operation_id = "getNetwork", tag = "chain", responses((status = 200, body = Network)))]
pub async fn network(State(app): State<App>) -> Result<Json<Network>, Problem> {
    let info = app.source.network();
    let cursor = app.store.cursor().await?;
    Ok(Json(Network {
        chain_id: info.chain_id,
        name: info.name.clone(),
        public_key: info.public_key.to_string(),
        namespace: info.namespace.to_string(),
        genesis_hash: format!("{:#x}", info.genesis_hash),
        validators: info.validators,
        threshold: info.threshold,
        contracts: info
            .contracts
            .iter()
            .map(|(name, at)| (name.clone(), format!("{at:#x}")))
            .collect(),
        version: info.version.clone(),
        block_number: cursor.number,
        block_time_ms: cursor.timestamp_ms,
        organisations: app.store.organisations().await?,
    }))
}

/// Lists the organisations of the `Registry`.
#[utoipa::path(get, path = "/api/v1/organisations", operation_id = "listOrganisations", tag = "chain", responses((status = 200, body = Organisations)))]
pub async fn organisations(State(app): State<App>) -> Result<Json<Organisations>, Problem> {
    Ok(Json(Organisations {
        items: app.store.organisations().await?,
    }))
}

/// Lists the articles of law on which data is used and decisions are made.
#[utoipa::path(get, path = "/api/v1/statutes", operation_id = "listStatutes", tag = "chain", responses((status = 200, body = Statutes)))]
pub async fn statutes(State(app): State<App>) -> Result<Json<Statutes>, Problem> {
    Ok(Json(Statutes {
        items: app.store.statutes().await?,
    }))
}

/// Gives a published rule set.
#[utoipa::path(get, path = "/api/v1/rule-sets/{id}", operation_id = "getRuleSet", tag = "chain",
    params(("id" = String, Path, description = "Id of the rule set: 0x and 64 hexadecimal digits")),
    responses(
        (status = 200, body = RuleSetView),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn rule_set(State(app): State<App>, Path(id): Path<String>) -> Result<Json<RuleSetView>, Problem> {
    let id = hash("id", &id)?;
    let rules = app.store.rule_set(id).await?;
    rules
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("no rule set {id}")))
}
