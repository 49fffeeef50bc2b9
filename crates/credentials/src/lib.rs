//! Issues, presents, verifies and revokes SD-JWT credentials.
