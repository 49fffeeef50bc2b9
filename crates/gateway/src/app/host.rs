//! Hosts of addresses.

use std::net::IpAddr;

/// A host as a socket takes it: an IPv6 address stands in brackets in a URL.
pub(super) fn bare(host: &str) -> &str {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

/// Whether a host of a URL is this machine, so that no network is between.
pub(super) fn is_this_machine(host: &str) -> bool {
    let host = bare(host);
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
