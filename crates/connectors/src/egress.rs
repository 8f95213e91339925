//! Which targets calls may reach: literal addresses before sending, names again after DNS.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

/// Which targets calls may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EgressPolicy {
    /// Whether private, loopback and link-local addresses are in reach.
    pub allow_private: bool,
}

/// A target that the policy refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{address} is a private, loopback or link-local address; set WFM_EGRESS_ALLOW_PRIVATE=true to allow such targets"
)]
pub struct Refused {
    /// The refused address.
    pub address: IpAddr,
}

impl EgressPolicy {
    /// Checks one address.
    ///
    /// # Errors
    /// When the policy refuses it.
    pub fn check(self, address: IpAddr) -> Result<(), Refused> {
        if self.allow_private || !is_private(address) {
            Ok(())
        } else {
            Err(Refused { address })
        }
    }

    /// Checks a URL's host when it is a literal address; names are checked once they are resolved.
    ///
    /// # Errors
    /// When the policy refuses it.
    pub fn check_host(self, host: &str) -> Result<(), Refused> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        literal.parse().map_or(Ok(()), |address| self.check(address))
    }
}

/// Whether an address belongs to this machine or a network that is not public.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        // Carrier-grade NAT (RFC 6598), benchmarking (RFC 2544), "this network".
        || (first == 100 && (64..128).contains(&second))
        || (first == 198 && (18..20).contains(&second))
        || first == 0
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || (first & 0xfe00) == 0xfc00
        || (first & 0xffc0) == 0xfe80
}

/// Resolves names with the system's resolver and drops what the policy refuses.
pub(crate) struct CheckedResolver(pub EgressPolicy);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let mut refused = None;
            let mut allowed = Vec::with_capacity(found.len());
            for address in found {
                match policy.check(address.ip()) {
                    Ok(()) => allowed.push(address),
                    Err(refusal) => refused = Some(refusal),
                }
            }
            match (allowed.is_empty(), refused) {
                (true, Some(refusal)) => Err(Box::new(refusal) as Box<dyn std::error::Error + Send + Sync>),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

impl CheckedResolver {
    pub(crate) fn shared(policy: EgressPolicy) -> Arc<Self> {
        Arc::new(Self(policy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_targets_are_refused_and_public_ones_are_not() {
        let policy = EgressPolicy { allow_private: false };
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "100.64.0.1",
            "[::1]",
            "[fe80::1]",
            "[::ffff:192.168.0.1]",
        ] {
            let refused = policy.check_host(host).expect_err(host);
            assert!(refused.to_string().contains("WFM_EGRESS_ALLOW_PRIVATE"), "{refused}");
        }
        for host in ["93.184.216.34", "[2606:2800:220:1::1]", "api.example.com"] {
            assert_eq!(policy.check_host(host), Ok(()), "{host}");
        }
        assert_eq!(EgressPolicy { allow_private: true }.check_host("127.0.0.1"), Ok(()));
    }
}
