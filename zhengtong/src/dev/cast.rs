//! Who is who in the demo network: five agencies, the officers of those that decide or have a counter, and what the contracts are told.

use alloy_primitives::B256;
use zhengtong_bindings::{DECIDER, IDENTITY, ISSUER, PROVIDER, RECOVERY};

/// An agency of the demo network.
pub struct Agency {
    pub slug: &'static str,
    pub name: &'static str,
    /// Bit mask of the registry's roles.
    pub roles: u32,
    /// Officers it has; at least two where it decides, since an appeal needs another one.
    pub officers: u32,
}

/// The agency whose tokens open cases.
pub const TOKEN_ISSUER: &str = "public-security";

/// The agencies, in the order in which they are registered.
pub const AGENCIES: [Agency; 5] = [
    Agency {
        slug: "public-security",
        name: "公安局",
        roles: PROVIDER | IDENTITY | ISSUER | RECOVERY,
        officers: 1,
    },
    Agency {
        slug: "civil-affairs",
        name: "民政局",
        roles: PROVIDER | DECIDER | ISSUER,
        officers: 3,
    },
    Agency {
        slug: "human-resources",
        name: "人力资源和社会保障局",
        roles: PROVIDER | RECOVERY,
        officers: 1,
    },
    Agency {
        slug: "disabled-federation",
        name: "残疾人联合会",
        roles: PROVIDER,
        officers: 0,
    },
    Agency {
        slug: "health",
        name: "卫生健康局",
        roles: PROVIDER | RECOVERY,
        officers: 1,
    },
];

/// The name of an officer's key among the demo keys; `number` counts from 1.
pub fn officer_label(agency: &str, number: u32) -> String {
    format!("officer/{agency}/{number}")
}

/// What the registry is told about an agency besides [`Agency`].
pub struct AgencyKeys {
    pub attester: alloy_primitives::Address,
    /// X25519 public key for sealed links.
    pub encryption: B256,
    pub officers: Vec<alloy_primitives::Address>,
    /// The credential key.
    pub issuer: zhengtong_credentials::Jwk,
}
