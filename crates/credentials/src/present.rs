use affinidi_sd_jwt::{KbJwtInput, SdJwt, Sha256Hasher, holder};
use p256::ecdsa::SigningKey;

use crate::jwt::Signer;
use crate::{CredentialError, CredentialText};

pub(crate) const KEY_BINDING_TYP: &str = "kb+jwt";

/// What a holder shows, to whom, and when.
pub struct Presentation<'a> {
    /// Names of the claims to disclose; everything else disclosable stays hidden.
    pub disclose: &'a [&'a str],
    /// The verifier's name.
    pub audience: &'a str,
    /// The verifier's challenge.
    pub nonce: &'a str,
    /// Now, unix seconds.
    pub at_s: u64,
}

/// Shows a credential: chosen disclosures, and a proof of possession of the holder's key.
///
/// # Errors
/// The credential is malformed, or the key is not one.
pub fn present(
    credential: &CredentialText,
    holder_key: &[u8; 32],
    presentation: &Presentation<'_>,
) -> Result<String, CredentialError> {
    let malformed = |_| CredentialError::Malformed {
        part: "the credential",
    };
    let key = SigningKey::from_slice(holder_key).map_err(|_| CredentialError::Key {
        what: "the holder's key",
    })?;
    let credential = SdJwt::parse(credential.expose(), &Sha256Hasher).map_err(malformed)?;
    let shown = holder::select_disclosures(&credential, presentation.disclose);
    let binding = KbJwtInput {
        audience: presentation.audience,
        nonce: presentation.nonce,
        signer: &Signer {
            key: &key,
            typ: KEY_BINDING_TYP,
            extra: Default::default(),
        },
        iat: presentation.at_s,
    };
    let shown = holder::present(&credential, &shown, Some(&binding), &Sha256Hasher);
    Ok(shown.map_err(malformed)?.serialize())
}
