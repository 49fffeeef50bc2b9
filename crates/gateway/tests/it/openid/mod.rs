//! Credentials by OpenID4VCI and OpenID4VP, with a wallet that is not the portal's.

mod forgetting;
mod issuing;
mod presenting;
mod wallet;
