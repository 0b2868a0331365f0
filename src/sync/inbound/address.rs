//! Where vendors reach this service: pure rules about URLs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};
use uuid::Uuid;

use crate::domain::IntegrationId;

/// The door of one subscription.
pub fn door(public_url: &str, connector: &str, integration: Uuid, subscription: Uuid) -> String {
    let root = public_url.trim_end_matches('/');
    format!("{root}/webhooks/{connector}/{}/{}", IntegrationId(integration), subscription.simple())
}

/// The subscription that a URL leads to, whatever the host, when it is one of this integration's doors.
pub fn subscription_of(url: &str, connector: &str, integration: Uuid) -> Option<Uuid> {
    let url = Url::parse(url).ok()?;
    let door = format!("/webhooks/{connector}/{}/", IntegrationId(integration));
    let (_, subscription) = url.path().rsplit_once(door.as_str())?;
    Uuid::parse_str(subscription.trim_end_matches('/')).ok()
}

/// Whether a vendor on the internet could reach this address at all, and would have reason to trust it.
pub fn is_reachable(public_url: &str) -> bool {
    let Ok(url) = Url::parse(public_url) else { return false };
    let is_public = match url.host() {
        Some(Host::Domain(name)) => name != "localhost" && !name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => is_public_v4(address),
        Some(Host::Ipv6(address)) => match address.to_canonical() {
            IpAddr::V4(address) => is_public_v4(address),
            IpAddr::V6(address) => is_public_v6(address),
        },
        None => false,
    };
    url.scheme() == "https" && is_public
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !(address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    !(address.is_loopback() || address.is_unspecified() || address.is_unique_local() || address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_recognised_at_whatever_host() {
        let (integration, subscription, other) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let url = door("https://hooks.example/base/", "vendor", integration, subscription);
        assert!(url.starts_with("https://hooks.example/base/webhooks/vendor/int_"), "{url}");
        for url in [url.clone(), format!("{url}?secret=x"), url.replace("hooks.example", "old.example:8080")] {
            assert_eq!(subscription_of(&url, "vendor", integration), Some(subscription), "{url}");
            assert_eq!(subscription_of(&url, "vendor", other), None);
            assert_eq!(subscription_of(&url, "other", integration), None);
        }
        for url in ["", "https://hooks.example/", "not a url", "https://hooks.example/webhooks/vendor/x/y"] {
            assert_eq!(subscription_of(url, "vendor", integration), None, "{url}");
        }
    }

    #[test]
    fn only_public_https_addresses_can_be_reached() {
        for url in
            ["https://hooks.example", "https://hooks.example/base", "https://203.0.113.7", "https://[2001:db8::1]"]
        {
            assert!(is_reachable(url), "{url}");
        }
        for url in [
            "http://hooks.example",
            "https://localhost:8080",
            "https://127.0.0.1",
            "https://10.0.0.1",
            "https://0.0.0.0:8080",
            "https://[::1]",
            "https://[::ffff:192.168.0.1]",
            "hooks.example",
            "",
        ] {
            assert!(!is_reachable(url), "{url}");
        }
    }
}
