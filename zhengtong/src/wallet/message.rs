//! Messages that are signed as texts: EIP-191, and among them those that sign somebody in, EIP-4361.

use alloy_primitives::Address;

/// What a sign-in says, as far as it is to be checked and shown apart. The whole text is shown too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    pub domain: String,
    pub address: Address,
    pub uri: String,
    pub chain_id: u64,
    pub nonce: String,
    pub issued_at: String,
    pub expires_at: Option<String>,
}

/// Whether a text means to sign somebody in, whatever else is wrong with it.
pub fn is_sign_in(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.ends_with(OPENING))
}

const OPENING: &str = " wants you to sign in with your Ethereum account:";

impl SignIn {
    /// `None` if a required field is missing or written otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let domain = lines.next()?.strip_suffix(OPENING)?.to_owned();
        let address = lines.next()?.parse().ok()?;
        // The fields are the last lines; before them is a statement of whoever asks.
        let field = |name: &str| {
            let mut found = text
                .lines()
                .skip(2)
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            let value = found.next()?;
            // A statement has one line, and cannot bring a second of any of these.
            found.next().is_none().then(|| value.to_owned())
        };
        (field("Version")? == "1").then_some(())?;
        Some(Self {
            domain,
            address,
            uri: field("URI")?,
            chain_id: field("Chain ID")?.parse().ok()?,
            nonce: field("Nonce")?,
            issued_at: field("Issued At")?,
            expires_at: field("Expiration Time"),
        })
    }
}
