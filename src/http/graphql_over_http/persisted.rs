//! Documents by their SHA-256: those that callers have sent with it before, as Apollo's clients do (automatic persisted
//! queries), and those of the operator's list, beside which callers without ADMIN run none. Whoever sends a hash alone
//! runs the document that has it. Kept in this process only.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::parse_query;
use async_graphql::{Request, ServerError, Value};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use lru::LruCache;
use sha2::{Digest, Sha256};

use super::Unusable;
use super::refusal::Refusal;
use super::response::coded;

/// Documents that are remembered, the least used forgotten first.
const MOST: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);
/// In bytes; a larger document runs and is not remembered.
const LARGEST: usize = 16 * 1024;

type Hash = [u8; 32];

pub struct Documents {
    /// None: whatever the schema allows.
    allowed: Option<HashMap<Hash, String>>,
    sent: Mutex<LruCache<Hash, Arc<str>>>,
}

impl Default for Documents {
    fn default() -> Self {
        Self { allowed: None, sent: Mutex::new(LruCache::new(MOST)) }
    }
}

/// For one request.
pub struct Admission<'a> {
    pub documents: &'a Documents,
    /// Whether the caller is held to the operator's list, where there is one.
    pub bound: bool,
}

impl Documents {
    /// Reads the operator's list: a JSON object of documents by their SHA-256 in hexadecimal digits.
    pub fn allowing(list: &str) -> Result<Self, String> {
        let list: HashMap<String, String> = serde_json::from_str(list)
            .map_err(|error| format!("it is no JSON object of documents by their SHA-256: {error}"))?;
        let mut allowed = HashMap::new();
        for (name, document) in list {
            let hash = hash(&document);
            if parsed(&name) != Some(hash) {
                let hash = HEXLOWER.encode(&hash);
                return Err(format!("the document under {name} has another SHA-256, {hash}"));
            }
            if let Err(error) = parse_query(&document) {
                return Err(format!("the document under {name} is no GraphQL: {error}"));
            }
            allowed.insert(hash, document);
        }
        Ok(Self { allowed: Some(allowed), ..Self::default() })
    }

    /// Puts the document into a request that has its hash alone, and refuses what may not run. Answers the hash under
    /// which the document is to be remembered once it was read.
    pub(super) fn admit(&self, request: &mut Request, bound: bool) -> Result<Option<Hash>, Unusable> {
        let given = given(request).map_err(Unusable::Refused)?;
        let list = self.allowed.as_ref().filter(|_| bound);
        if request.query.trim().is_empty() {
            let found = given.and_then(|hash| self.find(&hash, bound));
            request.query = found.ok_or_else(|| {
                // What Apollo's clients go by: they send the document next.
                Unusable::Errors(vec![coded("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")])
            })?;
            return Ok(None);
        }
        if given.is_none() && list.is_none() {
            return Ok(None);
        }
        let hash = hash(&request.query);
        if given.is_some_and(|given| given != hash) {
            let message = "provided sha does not match query";
            return Err(Unusable::Refused(Refusal::parameter("extensions", message)));
        }
        match list {
            Some(list) if list.contains_key(&hash) => Ok(None),
            Some(_) => Err(Unusable::Errors(vec![not_allowed()])),
            None => Ok(given),
        }
    }

    fn find(&self, hash: &Hash, bound: bool) -> Option<String> {
        let listed = self.allowed.as_ref().and_then(|list| list.get(hash));
        match listed {
            Some(document) => Some(document.clone()),
            None if bound && self.allowed.is_some() => None,
            None => self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(hash).map(ToString::to_string),
        }
    }

    pub(super) fn remember(&self, hash: Hash, document: &str) {
        if document.len() <= LARGEST {
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).put(hash, document.into());
        }
    }
}

fn not_allowed() -> ServerError {
    let message = "this service runs the documents of its list, and this is none of them";
    coded(message, "QUERY_NOT_ALLOWED")
}

fn hash(document: &str) -> Hash {
    Sha256::digest(document.as_bytes()).into()
}

fn parsed(text: &str) -> Option<Hash> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// The hash that a request came with.
fn given(request: &Request) -> Result<Option<Hash>, Refusal> {
    let Some(persisted) = request.extensions.get("persistedQuery").filter(|value| **value != Value::Null) else {
        return Ok(None);
    };
    let expected = "`persistedQuery` must have `version` 1 and `sha256Hash`, 64 hexadecimal digits";
    let refused = || Refusal::parameter("extensions", expected);
    let Value::Object(fields) = persisted else { return Err(refused()) };
    match (fields.get("version"), fields.get("sha256Hash")) {
        (Some(Value::Number(version)), Some(Value::String(text))) if version.as_u64() == Some(1) => {
            parsed(text).map(Some).ok_or_else(refused)
        }
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(documents: &[&str]) -> String {
        let list: HashMap<String, &str> =
            documents.iter().map(|document| (HEXLOWER.encode(&hash(document)), *document)).collect();
        serde_json::to_string(&list).unwrap()
    }

    #[test]
    fn a_list_is_read_only_when_all_of_it_is_right() {
        assert_eq!(Documents::allowing(&list(&["{ a }", "{ b }"])).ok().unwrap().allowed.unwrap().len(), 2);
        let upper = list(&["{ a }"]).to_uppercase().replace("{ A }", "{ a }");
        assert!(Documents::allowing(&upper).is_ok());
        for (text, said) in [
            ("", "no JSON object"),
            ("[]", "no JSON object"),
            (r#"{"00": "{ a }"}"#, "another SHA-256"),
            (&list(&["{ a }"]).replace("{ a }", "{ b }"), "another SHA-256"),
            (&list(&["{ a"]), "no GraphQL"),
        ] {
            let error = Documents::allowing(text).err().unwrap();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_remembered_has_bounds() {
        let documents = Documents::default();
        let large = format!("{{ a }} # {}", "x".repeat(LARGEST));
        documents.remember(hash(&large), &large);
        assert_eq!(documents.find(&hash(&large), true), None);
        for number in 0..=MOST.get() {
            let document = format!("{{ a{number} }}");
            documents.remember(hash(&document), &document);
        }
        assert_eq!(documents.find(&hash("{ a0 }"), true), None, "the oldest is gone");
        assert_eq!(documents.find(&hash("{ a1 }"), true).as_deref(), Some("{ a1 }"));
    }
}
