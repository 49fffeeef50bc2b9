//! Sign-In with Ethereum (EIP-4361): reading the signed message.

use alloy_primitives::Address;
use jiff::Timestamp;
use thiserror::Error;

/// The most bytes of a message.
pub const MAX_MESSAGE_BYTES: usize = 4096;

/// The parts of a message that are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiweMessage {
    /// RFC 3986 authority that asks.
    pub domain: String,
    /// Who signs.
    pub address: Address,
    /// What is signed in to.
    pub uri: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The server's challenge.
    pub nonce: String,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// Until when it holds.
    pub expires_at: Option<Timestamp>,
    /// From when it holds.
    pub not_before: Option<Timestamp>,
}

/// Where a message departs from EIP-4361.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a sign-in message (EIP-4361): {0}")]
pub struct SiweError(pub &'static str);

impl SiweMessage {
    /// Parses a message strictly: lines in the standard's order, nothing else between them.
    ///
    /// # Errors
    /// Names the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, SiweError> {
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(SiweError("it is too long"));
        }
        let mut lines = text.split('\n').peekable();
        let mut next = |what| lines.next().ok_or(SiweError(what));
        let domain = next("the first line")?
            .strip_suffix(" wants you to sign in with your Ethereum account:")
            .ok_or(SiweError("the first line"))?;
        let domain = domain.rsplit("://").next().unwrap_or(domain).to_owned();
        let address = next("the address")?;
        let checksummed = Address::parse_checksummed(address, None);
        let address = checksummed.map_err(|_| SiweError("the address, in its checksummed form"))?;
        if !next("the empty line after the address")?.is_empty() {
            return Err(SiweError("the empty line after the address"));
        }
        if !next("the statement")?.is_empty() && !next("the empty line after the statement")?.is_empty() {
            return Err(SiweError("the empty line after the statement"));
        }
        let mut fields = Fields(lines);
        let uri = fields.required("URI: ")?.to_owned();
        if fields.required("Version: ")? != "1" {
            return Err(SiweError("Version: must be 1"));
        }
        let chain_id = fields
            .required("Chain ID: ")?
            .parse()
            .map_err(|_| SiweError("Chain ID: "))?;
        let nonce = fields.required("Nonce: ")?.to_owned();
        if nonce.len() < 8 || !nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(SiweError("Nonce: 8 or more letters and digits"));
        }
        let issued_at = time(fields.required("Issued At: ")?)?;
        let expires_at = fields.optional("Expiration Time: ").map(time).transpose()?;
        let not_before = fields.optional("Not Before: ").map(time).transpose()?;
        fields.optional("Request ID: ");
        if fields.0.peek() == Some(&"Resources:") {
            fields.0.next();
            while fields.optional("- ").is_some() {}
        }
        if fields.0.next().is_some() {
            return Err(SiweError("an unexpected line at the end"));
        }
        Ok(Self {
            domain,
            address,
            uri,
            chain_id,
            nonce,
            issued_at,
            expires_at,
            not_before,
        })
    }
}

struct Fields<'a, I: Iterator<Item = &'a str>>(std::iter::Peekable<I>);

impl<'a, I: Iterator<Item = &'a str>> Fields<'a, I> {
    fn required(&mut self, name: &'static str) -> Result<&'a str, SiweError> {
        self.optional(name).ok_or(SiweError(name))
    }

    fn optional(&mut self, name: &str) -> Option<&'a str> {
        let value = self.0.peek()?.strip_prefix(name)?;
        self.0.next();
        Some(value)
    }
}

fn time(text: &str) -> Result<Timestamp, SiweError> {
    text.parse()
        .map_err(|_| SiweError("a time, in the form of RFC 3339"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of EIP-4361 with all fields, its address in checksummed form.
    const FULL: &str = "https://example.com:3388 wants you to sign in with your Ethereum account:
0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

I accept the ExampleOrg Terms of Service: https://example.com/tos

URI: https://example.com/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Expiration Time: 2021-09-30T16:30:24.000Z
Request ID: some-id
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json";

    #[test]
    fn the_standards_example_is_read() {
        let message = SiweMessage::parse(FULL).unwrap();
        assert_eq!(message.domain, "example.com:3388");
        assert_eq!(message.chain_id, 1);
        assert_eq!(message.nonce, "32891756");
        assert_eq!(message.issued_at, "2021-09-30T16:25:24Z".parse().unwrap());
        let without = FULL.replace(
            "I accept the ExampleOrg Terms of Service: https://example.com/tos\n\n",
            "\n",
        );
        assert_eq!(
            SiweMessage::parse(&without.replace("\n\n\n\n", "\n\n\n")).map(|m| m.uri),
            Ok(message.uri)
        );
    }

    #[test]
    fn every_departure_is_refused() {
        for (from, to) in [
            (" wants you to sign in", " asks you to sign in"),
            ("0xC02aaA39", "0xc02aaa39"),
            ("Version: 1", "Version: 2"),
            ("Chain ID: 1", "Chain ID: x"),
            ("Nonce: 32891756", "Nonce: 1"),
            ("Issued At: 2021", "Issued At: soon"),
            ("URI: ", "Url: "),
            ("Request ID: some-id", "Request ID: some-id\nExtra: 1"),
        ] {
            assert!(
                SiweMessage::parse(&FULL.replacen(from, to, 1)).is_err(),
                "{from} -> {to}"
            );
        }
        assert!(SiweMessage::parse("").is_err());
        assert!(SiweMessage::parse(&format!("{FULL}\n{}", "x".repeat(MAX_MESSAGE_BYTES))).is_err());
    }
}
