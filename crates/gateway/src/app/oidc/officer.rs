//! Who somebody at the provider is here: claims and the configuration give a code, roles, and perhaps a key.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::OidcConfig;
use crate::app::access::Role;

/// The longest code of an officer, in bytes.
pub const MAX_CODE_BYTES: usize = 64;

/// Why somebody whom the provider knows is nobody here.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotAnOfficer {
    /// A claim that is required has another value, e.g. another department.
    #[error("your account at the provider is not of this organisation")]
    Elsewhere,
    /// No code.
    #[error("the provider gives no officer's code that can be used here")]
    NoCode,
    /// No role.
    #[error("your account at the provider has no role at this organisation")]
    NoRole,
    /// A key that is none.
    #[error("the provider gives something that is not the address of a key")]
    Key,
}

impl NotAnOfficer {
    /// How a refusal is kept.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Elsewhere => "officer-elsewhere",
            Self::NoCode => "officer-without-code",
            Self::NoRole => "officer-without-role",
            Self::Key => "officer-key",
        }
    }
}

/// An officer, as the provider and the configuration have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Their code.
    pub code: String,
    /// What gives them roles.
    pub grants: Vec<String>,
    /// The key that the provider says is theirs.
    pub key: Option<Address>,
}

/// An entry of `roles`.
const BY_ROLE: &str = "role:";
/// An entry of `officers`.
const BY_SUBJECT: &str = "subject:";

impl OidcConfig {
    /// Who a subject with these claims is.
    ///
    /// # Errors
    /// See [`NotAnOfficer`].
    pub fn officer(&self, subject: &str, claims: &Map<String, Value>) -> Result<Known, NotAnOfficer> {
        let has = |(name, value): (&String, &String)| texts(claims, name).any(|found| found == value);
        if !self.require.iter().all(has) {
            return Err(NotAnOfficer::Elsewhere);
        }
        let listed = self.officers.get(subject);
        let code = match listed {
            Some(officer) => Some(officer.code.as_str()),
            None => texts(claims, &self.code_claim).next(),
        };
        let code = code.filter(|code| is_code(code)).ok_or(NotAnOfficer::NoCode)?;
        let mut grants: Vec<_> = listed
            .map(|_| format!("{BY_SUBJECT}{subject}"))
            .into_iter()
            .collect();
        if let Some(claim) = &self.roles_claim {
            let given = texts(claims, claim).filter(|value| self.roles.contains_key(*value));
            let given: BTreeSet<_> = given.collect();
            grants.extend(given.into_iter().map(|value| format!("{BY_ROLE}{value}")));
        }
        if self.roles_of(&grants).is_empty() {
            return Err(NotAnOfficer::NoRole);
        }
        let key = match &self.key_claim {
            Some(claim) => texts(claims, claim)
                .next()
                .map(|text| text.parse().map_err(|_| NotAnOfficer::Key))
                .transpose()?,
            None => None,
        };
        Ok(Known {
            code: code.to_owned(),
            grants,
            key,
        })
    }

    /// The roles that entries of the configuration give today.
    pub fn roles_of(&self, grants: &[String]) -> BTreeSet<Role> {
        let of = |grant: &String| {
            if let Some(value) = grant.strip_prefix(BY_ROLE) {
                return self.roles.get(value);
            }
            let subject = grant.strip_prefix(BY_SUBJECT)?;
            self.officers.get(subject).map(|officer| &officer.roles)
        };
        grants.iter().filter_map(of).flatten().copied().collect()
    }

    /// How an account at the provider is kept: by a digest, not by name.
    pub fn subject_digest(&self, subject: &str) -> String {
        let mut hash = Sha256::new();
        for part in [self.issuer.as_str(), subject] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hex::encode(hash.finalize())
    }
}

/// The texts of a claim: one, or those of a list.
fn texts<'c>(claims: &'c Map<String, Value>, name: &str) -> impl Iterator<Item = &'c str> {
    let found = match name.strip_prefix('/') {
        // Only texts and lists of texts are used: a member that is an object has none.
        Some(path) => {
            let mut parts = path
                .split('/')
                .map(|part| part.replace("~1", "/").replace("~0", "~"));
            let first = parts.next().and_then(|part| claims.get(&part));
            parts
                .try_fold(first, |found, part| Some(found?.get(&part)))
                .flatten()
        }
        None => claims.get(name),
    };
    let list = match found {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter().filter_map(Value::as_str)
}

/// A code is shown, logged, and part of records: visible, short, and not the address of a key.
fn is_code(code: &str) -> bool {
    !code.is_empty()
        && code.len() <= MAX_CODE_BYTES
        && !code.starts_with("0x")
        && code.chars().all(|c| !c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config() -> OidcConfig {
        toml::from_str(
            r#"
name = "x"
issuer = "https://sso.example"
client_id = "zhengtong"
redirect_uris = []
code_claim = "employee_number"
roles_claim = "/realm_access/roles"
key_claim = "key"
[require]
department = "civil-affairs"
[roles]
zt-handler = ["handler", "counter"]
zt-admin = ["administrator"]
[officers.s-7]
code = "MZ-7"
roles = ["reader"]
"#,
        )
        .unwrap()
    }

    fn officer(claims: Value) -> Result<Known, NotAnOfficer> {
        let Value::Object(claims) = claims else {
            unreachable!()
        };
        let subject = claims["sub"].as_str().unwrap().to_owned();
        config().officer(&subject, &claims)
    }

    #[test]
    fn claims_give_code_roles_and_key() {
        let known = officer(json!({ "sub": "s-1", "department": ["other", "civil-affairs"], "employee_number": "MZ-1",
            "realm_access": { "roles": ["offline_access", "zt-handler"] }, "key": "0x00000000000000000000000000000000000000aa" }))
        .unwrap();
        assert_eq!(known.code, "MZ-1");
        assert_eq!(known.key, Some(Address::with_last_byte(0xaa)));
        assert_eq!(
            config().roles_of(&known.grants),
            [Role::Handler, Role::Counter].into()
        );
        let listed = officer(json!({ "sub": "s-7", "department": "civil-affairs" })).unwrap();
        assert_eq!(listed.code, "MZ-7");
        assert_eq!(config().roles_of(&listed.grants), [Role::Reader].into());
        // What the configuration does not say any more gives nothing.
        assert!(
            config()
                .roles_of(&["role:gone".into(), "subject:s-8".into()])
                .is_empty()
        );
    }

    #[test]
    fn everybody_else_is_nobody() {
        let good = json!({ "sub": "s-1", "department": "civil-affairs", "employee_number": "MZ-1",
            "realm_access": { "roles": "zt-handler" } });
        assert!(officer(good.clone()).is_ok());
        for (name, value, refused) in [
            ("department", json!("health"), NotAnOfficer::Elsewhere),
            ("department", json!(null), NotAnOfficer::Elsewhere),
            (
                "department",
                json!({ "civil-affairs": true }),
                NotAnOfficer::Elsewhere,
            ),
            ("employee_number", json!(""), NotAnOfficer::NoCode),
            ("employee_number", json!(7), NotAnOfficer::NoCode),
            ("employee_number", json!("a b"), NotAnOfficer::NoCode),
            // A key's address is the name of whoever signs in by key alone.
            (
                "employee_number",
                json!("0x00000000000000000000000000000000000000aa"),
                NotAnOfficer::NoCode,
            ),
            ("employee_number", json!("x".repeat(65)), NotAnOfficer::NoCode),
            ("realm_access", json!({ "roles": [] }), NotAnOfficer::NoRole),
            (
                "realm_access",
                json!({ "roles": ["zt-handler "] }),
                NotAnOfficer::NoRole,
            ),
            ("realm_access", json!(["zt-handler"]), NotAnOfficer::NoRole),
            ("key", json!("0x12"), NotAnOfficer::Key),
        ] {
            let mut claims = good.clone();
            claims[name] = value.clone();
            assert_eq!(officer(claims), Err(refused), "{name} {value}");
        }
    }

    #[test]
    fn one_subject_at_two_issuers_is_two_people() {
        let one = config();
        let mut other = config();
        other.issuer = "https://sso.example/".into();
        assert_ne!(one.subject_digest("s"), other.subject_digest("s"));
    }
}
