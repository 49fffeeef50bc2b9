//! `GET /api/v1/demo`: who one can be in a demo network. Exists in `dev` alone, and there on loopback alone: it hands
//! out private keys.

use super::{cast::AGENCIES, cast::officer_label, keys::DevSeed};
use anyhow::Result;
use axum::{Json, Router, routing::get};
use serde::Serialize;
use std::sync::Arc;
use zhengtong_population::DemoResident;

/// Everyone to sign in as. Residents are synthetic; the officers' keys are of this data folder alone.
#[derive(Serialize)]
pub struct Demo {
    pub residents: Vec<DemoResident>,
    pub officers: Vec<DemoOfficer>,
    pub auditor: Auditor,
}

/// An officer with the key that they would hold on a device of their own.
#[derive(Serialize)]
pub struct DemoOfficer {
    pub label: String,
    pub organisation: &'static str,
    pub organisation_name: &'static str,
    #[serde(rename = "privateKey")]
    pub private_key: String,
    pub address: String,
}

/// An auditor needs no key: everything is open.
#[derive(Serialize)]
pub struct Auditor {
    pub label: &'static str,
    pub path: &'static str,
}

impl Demo {
    pub fn new(residents: Vec<DemoResident>, seed: &DevSeed) -> Result<Self> {
        let mut officers = Vec::new();
        for agency in &AGENCIES {
            for number in 1..=agency.officers {
                let signer = seed.signer(&officer_label(agency.slug, number))?;
                officers.push(DemoOfficer {
                    label: format!("{}-{number}", agency.slug),
                    organisation: agency.slug,
                    organisation_name: agency.name,
                    private_key: format!("{}", signer.to_bytes()),
                    address: signer.address().to_string(),
                });
            }
        }
        Ok(Self {
            residents,
            officers,
            auditor: Auditor {
                label: "auditor",
                path: "/audit",
            },
        })
    }

    pub fn router(self) -> Router {
        let demo = Arc::new(self);
        Router::new().route(
            "/api/v1/demo",
            get(move || async move { Json(serde_json::to_value(&*demo).ok()) }),
        )
    }
}
