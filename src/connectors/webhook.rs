//! What vendors call us about: subscriptions to their events, what they send, and what it hints at. A delivery is a
//! signal only; whatever it says is read at the vendor before anything is believed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::domain::RecordType;

/// A subscription that is to be made at the vendor.
pub struct Wanted {
    /// As the manifest names it.
    pub event: String,
    /// Ours for this subscription alone, without a query.
    pub url: String,
    /// Fresh; for vendors that do not sign.
    pub secret: SecretString,
}

/// A subscription as the vendor lists it; of ours or of somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub remote_id: String,
    pub url: String,
    /// Whether deliveries come, and can be verified with the account's credentials.
    pub works: bool,
}

/// What a delivery is verified by.
#[derive(Debug, Clone)]
pub enum Kept {
    /// The hash of the secret in the URL.
    Hash([u8; 32]),
    /// The key that the vendor signs with.
    Key(SecretString),
}

/// A delivery before anybody knows whether it is the vendor's.
pub struct Delivery<'a> {
    pub headers: &'a HeaderMap,
    /// Of the URL, without the question mark.
    pub query: &'a str,
    pub body: &'a [u8],
    pub at: DateTime<Utc>,
}

/// What a delivery says may have changed, by remote ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// To be read.
    pub look_at: BTreeSet<(RecordType, String)>,
    /// Candidates of whose applications some may have changed, nobody says which.
    pub applications_of: BTreeSet<String>,
    /// Applications that should be gone.
    pub gone_applications: BTreeSet<String>,
    /// Candidates and jobs of whose applications some should be gone, nobody says which.
    pub gone_among: BTreeSet<(RecordType, String)>,
    /// Candidates that should be gone.
    pub gone: BTreeSet<String>,
    /// Those of them of whom nothing may be kept.
    pub erased: BTreeSet<String>,
    pub merges: BTreeSet<Merge>,
    /// Something changed that the delivery does not tell well enough.
    pub unclear: bool,
    /// So unclear that something may be gone, which only a complete read shows.
    pub vanished: bool,
}

/// Candidates that became one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Merge {
    pub survivor: String,
    pub merged: BTreeSet<String>,
}

impl Hints {
    pub fn unclear() -> Self {
        Self { unclear: true, ..Self::default() }
    }

    pub fn add(&mut self, more: Self) {
        self.look_at.extend(more.look_at);
        self.applications_of.extend(more.applications_of);
        self.gone_applications.extend(more.gone_applications);
        self.gone_among.extend(more.gone_among);
        self.gone.extend(more.gone);
        self.erased.extend(more.erased);
        self.merges.extend(more.merges);
        self.unclear |= more.unclear;
        self.vanished |= more.vanished;
    }
}

/// What is kept of a secret that goes into a URL. It is long and random, so that its hash tells nothing of it.
pub fn hash(secret: &SecretString) -> [u8; 32] {
    *blake3::hash(secret.expose_secret().as_bytes()).as_bytes()
}

/// Whether the parameter `name` of a query is the secret of this hash. Takes as long whatever is in it.
pub fn carries(query: &str, name: &str, kept: &[u8; 32]) -> bool {
    let given = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
    let given = given.map(|(_, value)| value).unwrap_or_default();
    let is_it = blake3::hash(given.as_bytes()).as_bytes().ct_eq(kept);
    bool::from(is_it) && !given.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_itself_is_taken() {
        let kept = hash(&"s3cret".into());
        for query in ["secret=s3cret", "a=b&secret=s3cret", "secret=s3cret&secret=x"] {
            assert!(carries(query, "secret", &kept), "{query}");
        }
        for query in ["", "secret", "secret=", "secret=S3cret", "secret=s3cret2", "s3cret", "Secret=s3cret"] {
            assert!(!carries(query, "secret", &kept), "{query}");
        }
        assert!(!carries("secret=", "secret", &hash(&String::new().into())));
    }
}
