use reqwest::Url;
use serde::Deserialize;
use thiserror::Error;
use url::Host;

/// The most days that a passkey opens the desk after its officer's last sign-in at the provider.
pub const MAX_DAYS: u64 = 90;
/// The most pages' origins.
const MAX_ORIGINS: usize = 16;
const DAY_S: u64 = 24 * 3600;

/// Passkeys of officers who sign in at the provider. They open the desk between two such sign-ins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyConfig {
    /// What passkeys are bound to: the portal's host, or a domain above it (WebAuthn's RP ID).
    pub rp_id: String,
    /// The portal's origins, e.g. `https://portal.example`; each of its hosts is among `session_domains`.
    pub origins: Vec<String>,
    /// For how many days after the officer's last sign-in at the provider.
    #[serde(default = "a_fortnight")]
    pub days: u64,
}

const fn a_fortnight() -> u64 {
    14
}

/// What is wrong with it.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PasskeyConfigError {
    /// Not a name.
    #[error("passkeys.rp_id must be a domain in lower case: passkeys are bound to a name, not to an address")]
    RpId,
    /// None, or too many.
    #[error("passkeys.origins must be 1 to {MAX_ORIGINS}")]
    Origins,
    /// Not one that the passkey works at.
    #[error(
        "passkeys.origins: \"{0}\" must be https:// and a host of `session_domains` at or below rp_id \
         (http:// for localhost alone)"
    )]
    Origin(String),
    /// Outside its bounds.
    #[error("passkeys.days must be 1 to {MAX_DAYS}")]
    Days,
}

impl PasskeyConfig {
    /// How long a passkey opens the desk after a sign-in at the provider, in seconds.
    pub const fn lifetime_s(&self) -> u64 {
        self.days * DAY_S
    }

    /// Checks what can be checked without asking anybody.
    ///
    /// # Errors
    /// See [`PasskeyConfigError`].
    pub fn check(&self, session_domains: &[String]) -> Result<(), PasskeyConfigError> {
        let is_name = matches!(Host::parse(&self.rp_id), Ok(Host::Domain(name)) if name == self.rp_id);
        if !is_name || self.rp_id.ends_with('.') {
            return Err(PasskeyConfigError::RpId);
        }
        if self.origins.is_empty() || self.origins.len() > MAX_ORIGINS {
            return Err(PasskeyConfigError::Origins);
        }
        if let Some(origin) = self
            .origins
            .iter()
            .find(|origin| !self.is_origin(origin, session_domains))
        {
            return Err(PasskeyConfigError::Origin(origin.clone()));
        }
        if self.days == 0 || self.days > MAX_DAYS {
            return Err(PasskeyConfigError::Days);
        }
        Ok(())
    }

    fn is_origin(&self, origin: &str, session_domains: &[String]) -> bool {
        let Ok(url) = Url::parse(origin) else { return false };
        let Some(host) = url.host_str() else { return false };
        let is_below = host
            .strip_suffix(&self.rp_id)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && host == "localhost");
        let authority = origin
            .split_once("://")
            .map(|(_, authority)| authority.to_owned());
        let is_known = authority.is_some_and(|authority| session_domains.contains(&authority));
        // Exactly as a browser spells it.
        url.origin().ascii_serialization() == origin && is_below && is_safe && is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_of_a_name_and_of_the_portals_pages() {
        let domains = [
            "portal.example",
            "localhost:8080",
            "127.0.0.1:8080",
            "evilexample",
        ]
        .map(str::to_owned);
        let check = |rp_id: &str, origin: &str, days: u64| {
            let (rp_id, origins) = (rp_id.to_owned(), vec![origin.to_owned()]);
            PasskeyConfig { rp_id, origins, days }.check(&domains)
        };
        assert_eq!(check("portal.example", "https://portal.example", 14), Ok(()));
        assert_eq!(check("example", "https://portal.example", MAX_DAYS), Ok(()));
        assert_eq!(check("localhost", "http://localhost:8080", 1), Ok(()));
        for rp_id in [
            "127.0.0.1",
            "Portal.example",
            "https://portal.example",
            "",
            "portal.example.",
        ] {
            assert_eq!(
                check(rp_id, "https://portal.example", 14),
                Err(PasskeyConfigError::RpId),
                "{rp_id}"
            );
        }
        for (rp_id, origin) in [
            ("portal.example", "http://portal.example"),
            ("portal.example", "https://portal.example/"),
            ("portal.example", "https://other.example"),
            ("portal.example", "https://portal.example:444"),
            ("example", "https://evilexample"),
            ("localhost", "http://127.0.0.1:8080"),
        ] {
            let wrong = PasskeyConfigError::Origin(origin.into());
            assert_eq!(check(rp_id, origin, 14), Err(wrong), "{origin}");
        }
        for days in [0, MAX_DAYS + 1] {
            assert_eq!(
                check("localhost", "http://localhost:8080", days),
                Err(PasskeyConfigError::Days)
            );
        }
    }
}
