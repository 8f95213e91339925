//! Which targets calls may reach: names and literal addresses before sending, names again after DNS.
//!
//! Invariant: the address that is checked is the one that is connected to, because the resolver itself checks.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

/// One entry of an allow-list or a deny-list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EgressRule {
    /// `api.example.com`: this name.
    Host(String),
    /// `*.example.com`: every name below it.
    Below(String),
    /// `10.1.0.0/16` or a single address.
    Network(IpNet),
}

/// Text that is no rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a host name, *.suffix, address or network such as 10.0.0.0/8")]
pub struct NotARule(String);

impl FromStr for EgressRule {
    type Err = NotARule;

    fn from_str(text: &str) -> Result<Self, NotARule> {
        let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
        let literal = text.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = literal.parse::<IpAddr>() {
            return Ok(Self::Network(address.to_canonical().into()));
        }
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network.trunc()));
        }
        let (is_below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text.as_str()),
        };
        let is_label = |label: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            !label.is_empty() && label.bytes().all(is_plain)
        };
        // A name whose last label is a number would be read as an address.
        let is_number = |name: &str| {
            name.rsplit('.')
                .next()
                .is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
        };
        if !name.split('.').all(is_label) || is_number(name) {
            return Err(NotARule(text));
        }
        Ok(if is_below {
            Self::Below(name.to_owned())
        } else {
            Self::Host(name.to_owned())
        })
    }
}

impl EgressRule {
    fn covers_name(&self, host: &str) -> bool {
        match self {
            Self::Host(name) => host == name,
            Self::Below(suffix) => host
                .strip_suffix(suffix.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            Self::Network(_) => false,
        }
    }

    fn covers_address(&self, address: IpAddr) -> bool {
        match self {
            Self::Network(network) => network.contains(&address),
            Self::Host(_) | Self::Below(_) => false,
        }
    }
}

/// Which targets calls may reach.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EgressPolicy {
    /// Whether private, loopback and link-local addresses are in reach.
    pub allow_private: bool,
    /// When not empty, nothing else is in reach. A network here also admits its private addresses.
    pub allow: Vec<EgressRule>,
    /// Never in reach, whatever else is said.
    pub deny: Vec<EgressRule>,
    /// Whether a proxy connects, so that names are not resolved here.
    pub is_proxied: bool,
}

/// A target that the policy refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// Not public.
    #[error(
        "{0} is a private, loopback or link-local address; set WFM_EGRESS_ALLOW_PRIVATE=true, or name its network in \
         WFM_EGRESS_ALLOW"
    )]
    Private(IpAddr),
    /// Not on the allow-list.
    #[error("the target is not one that WFM_EGRESS_ALLOW names")]
    NotAllowed,
    /// On the deny-list.
    #[error("the target is one that WFM_EGRESS_DENY names")]
    Denied,
}

impl EgressPolicy {
    /// Checks an address of a target; `host` is the name it was found under, if it was found under one.
    ///
    /// # Errors
    /// When the policy refuses it.
    pub fn check(&self, host: Option<&str>, address: IpAddr) -> Result<(), Refused> {
        let address = address.to_canonical();
        let covered = |rules: &[EgressRule]| rules.iter().any(|rule| rule.covers_address(address));
        if covered(&self.deny) {
            return Err(Refused::Denied);
        }
        let is_allowed = covered(&self.allow);
        let by_name = || host.is_some_and(|host| self.allow.iter().any(|rule| rule.covers_name(host)));
        if !self.allow.is_empty() && !is_allowed && !by_name() {
            return Err(Refused::NotAllowed);
        }
        if self.allow_private || is_allowed || !is_private(address) {
            Ok(())
        } else {
            Err(Refused::Private(address))
        }
    }

    /// Checks the host of a URL before anything is sent: a literal address wholly, a name as far as it goes; its
    /// addresses are checked once it is resolved.
    ///
    /// # Errors
    /// When the policy refuses it.
    pub fn check_host(&self, host: &str) -> Result<(), Refused> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = literal.parse() {
            return self.check(None, address);
        }
        let host = plain(host);
        let covered = |rules: &[EgressRule]| rules.iter().any(|rule| rule.covers_name(&host));
        if covered(&self.deny) {
            return Err(Refused::Denied);
        }
        let has_networks = self.allow.iter().any(|rule| matches!(rule, EgressRule::Network(_)));
        if self.allow.is_empty() || covered(&self.allow) || (has_networks && !self.is_proxied) {
            Ok(())
        } else {
            Err(Refused::NotAllowed)
        }
    }
}

fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether an address belongs to this machine or a network that is not public.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        // Carrier-grade NAT (RFC 6598), benchmarking (RFC 2544), protocol assignments (RFC 6890), "this network", reserved.
        || (first == 100 && (64..128).contains(&second))
        || (first == 198 && (18..20).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || first == 0
        || first >= 240
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [first, second, ..] = segments;
    let [.., seventh, eighth] = segments;
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || (first & 0xfe00) == 0xfc00
        || (first & 0xffc0) == 0xfe80
        || (first & 0xffc0) == 0xfec0
        // Addresses that carry one of version 4: NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), compatible ones (RFC 4291).
        || (first == 0x64 && second == 0xff9b && (segments[2] != 0 || embedded(seventh, eighth)))
        || (first == 0x2002 && embedded(second, segments[2]))
        || (segments[..6] == [0; 6] && embedded(seventh, eighth))
}

/// Resolves names with the system's resolver and drops what the policy refuses.
pub(crate) struct CheckedResolver {
    policy: Arc<EgressPolicy>,
    /// The proxy's own name: whoever configured it says where it is.
    exempt: Option<String>,
}

impl CheckedResolver {
    pub(crate) fn shared(policy: Arc<EgressPolicy>, proxy: Option<&str>) -> Arc<Self> {
        Arc::new(Self {
            policy,
            exempt: proxy.map(plain),
        })
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = plain(name.as_str());
        let policy = (self.exempt.as_deref() != Some(host.as_str())).then(|| Arc::clone(&self.policy));
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let Some(policy) = policy else {
                return Ok(Box::new(found.into_iter()) as Addrs);
            };
            let mut refused = None;
            let mut allowed = Vec::with_capacity(found.len());
            for address in found {
                match policy.check(Some(&host), address.ip()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> Vec<EgressRule> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn private_targets_are_refused_and_public_ones_are_not() {
        let policy = EgressPolicy::default();
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "240.0.0.1",
            "[::1]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:192.168.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[2002:7f00:1::]",
            "[::127.0.0.1]",
        ] {
            let refused = policy.check_host(host).expect_err(host);
            assert!(refused.to_string().contains("WFM_EGRESS_ALLOW_PRIVATE"), "{refused}");
        }
        for host in [
            "93.184.216.34",
            "[2606:2800:220:1::1]",
            "[64:ff9b::93.184.216.34]",
            "api.example.com",
        ] {
            assert_eq!(policy.check_host(host), Ok(()), "{host}");
        }
        let open = EgressPolicy {
            allow_private: true,
            ..EgressPolicy::default()
        };
        assert_eq!(open.check_host("127.0.0.1"), Ok(()));
    }

    #[test]
    fn an_allow_list_closes_everything_else() {
        let policy = EgressPolicy {
            allow: rules(&["api.example.com", "*.corp.example", "10.1.0.0/16", "93.184.216.34"]),
            ..EgressPolicy::default()
        };
        let public: IpAddr = "198.51.100.7".parse().unwrap();
        for host in [
            "api.example.com",
            "API.example.com.",
            "a.corp.example",
            "a.b.corp.example",
        ] {
            assert_eq!(policy.check_host(host), Ok(()), "{host}");
            assert_eq!(policy.check(Some(&plain(host)), public), Ok(()), "{host}");
        }
        // A name may still lead into an allowed network; what it leads to decides.
        assert_eq!(policy.check_host("other.example"), Ok(()));
        for host in [
            "other.example",
            "corp.example",
            "xcorp.example",
            "api.example.com.evil.example",
        ] {
            assert_eq!(policy.check(Some(host), public), Err(Refused::NotAllowed), "{host}");
        }
        let inside: IpAddr = "10.1.2.3".parse().unwrap();
        assert_eq!(policy.check(Some("other.example"), inside), Ok(()));
        assert_eq!(
            policy.check_host("10.1.2.3"),
            Ok(()),
            "a network admits its private addresses"
        );
        assert_eq!(policy.check_host("93.184.216.34"), Ok(()));
        let refused = policy.check_host("93.184.216.35").unwrap_err();
        assert!(refused.to_string().contains("WFM_EGRESS_ALLOW"), "{refused}");
        // A name that is allowed does not admit private addresses: whoever holds the name chooses them.
        let elsewhere: IpAddr = "10.2.0.1".parse().unwrap();
        assert_eq!(
            policy.check(Some("api.example.com"), elsewhere),
            Err(Refused::Private(elsewhere))
        );
        let proxied = EgressPolicy {
            is_proxied: true,
            ..policy
        };
        assert_eq!(proxied.check_host("other.example"), Err(Refused::NotAllowed));
    }

    #[test]
    fn a_deny_list_stands_over_everything() {
        let policy = EgressPolicy {
            allow_private: true,
            allow: rules(&["*.example.com", "10.0.0.0/8"]),
            deny: rules(&["bad.example.com", "10.9.0.0/16", "[::1]"]),
            is_proxied: false,
        };
        assert_eq!(policy.check_host("good.example.com"), Ok(()));
        for host in ["bad.example.com", "10.9.1.1", "[::ffff:10.9.1.1]", "[::1]"] {
            let refused = policy.check_host(host).unwrap_err();
            assert!(refused.to_string().contains("WFM_EGRESS_DENY"), "{host}: {refused}");
        }
        let address: IpAddr = "10.9.1.1".parse().unwrap();
        assert_eq!(policy.check(Some("good.example.com"), address), Err(Refused::Denied));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in ["", "*", "*.", "a b", "http://x", "10.0.0.0/40", "1.2.3", "a..b", "x:80"] {
            assert!(text.parse::<EgressRule>().is_err(), "{text}");
        }
    }
}
