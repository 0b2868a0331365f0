//! The token endpoint and the check of a bearer token (§1.3, §1.10). Which call needs which scope is decided by
//! the route, not here.

use std::collections::{BTreeSet, HashMap};

use axum::extract::Query;
use axum::http::{Method, Uri};
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;

use super::account::Account;
use super::fault::{Faults, Kind};
use super::reply::{Call, Content, Reply};

pub(super) struct Token {
    pub(super) scopes: BTreeSet<String>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) uses: u64,
}

/// The key order is the vendor's (bshaffer's).
#[derive(Serialize)]
struct Granted<'a> {
    access_token: &'a str,
    expires_in: i64,
    token_type: &'a str,
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Parameters of a JSON, urlencoded or multipart body.
fn parameters(call: &Call) -> HashMap<String, String> {
    let content_type = call.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if content_type.starts_with("multipart/form-data") {
        return call.texts.iter().cloned().collect();
    }
    if content_type.starts_with("application/json") {
        let object = call.object().unwrap_or_default();
        return object.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect();
    }
    let form = String::from_utf8_lossy(&call.body);
    let uri = format!("/?{}", form.trim().replace(' ', "+")).parse::<Uri>().unwrap_or_default();
    Query::try_from_uri(&uri).map(|Query(form)| form).unwrap_or_default()
}

fn hex(account: &mut Account, kind: &str) -> String {
    account.tokens_made += 1;
    let name = format!("{kind} {} {}", account.seed, account.tokens_made);
    blake3::hash(name.as_bytes()).to_hex().chars().take(40).collect()
}

pub(super) fn grant(account: &mut Account, faults: &Faults, call: &Call) -> Reply {
    if call.method != Method::POST {
        let text = "The request method must be POST when requesting an access token";
        return Reply::oauth(405, "invalid_request", text).with("allow", "POST");
    }
    let given = parameters(call);
    let text = |name: &str| given.get(name).map(String::as_str).unwrap_or_default();
    let grant = text("grant_type");
    if grant.is_empty() {
        return Reply::oauth(400, "invalid_request", "The grant type was not specified in the request");
    }
    if grant != "client_credentials" && grant != "password" {
        return Reply::oauth(400, "unsupported_grant_type", &format!("Grant type \"{grant}\" not supported"));
    }
    if text("client_id").is_empty() {
        let text = "Client credentials were not found in the headers or body";
        return Reply::oauth(400, "invalid_client", text);
    }
    let known = text("client_id") == account.client_id && text("client_secret") == account.client_secret;
    if !known || faults.on(Kind::RevokedCredentials, &call.path) {
        return Reply::oauth(400, "invalid_client", "The client credentials are invalid");
    }
    let password = grant == "password";
    if password && (text("username").is_empty() || text("password").is_empty()) {
        return Reply::oauth(400, "invalid_grant", "Invalid username and password combination");
    }
    let asked: BTreeSet<String> = text("scope").split_whitespace().map(str::to_owned).collect();
    if !asked.is_subset(&account.scopes) {
        return Reply::oauth(400, "invalid_scope", "The scope requested is invalid for this request");
    }
    let (scopes, scope) = if asked.is_empty() {
        let all = account.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        (account.scopes.clone(), all)
    } else {
        (asked, text("scope").to_owned())
    };
    let expires_in = if password { 3600 } else { 2_592_000 };
    let access_token = hex(account, "token");
    let granted = Granted {
        access_token: &access_token,
        expires_in,
        token_type: "Bearer",
        scope: &scope,
        refresh_token: password.then(|| hex(account, "refresh")),
    };
    let body = serde_json::to_string(&granted).unwrap_or_default();
    let expires_at = account.utc() + Duration::seconds(expires_in);
    account.tokens.insert(access_token, Token { scopes, expires_at, uses: 0 });
    let reply = Reply { status: 200, headers: Vec::new(), content: Content::Json(body) };
    reply.with("cache-control", "no-store").with("pragma", "no-cache")
}

/// Refuses a call whose token is missing, unknown, expired or lacks every one of the scopes that would do.
pub(super) fn check(account: &mut Account, faults: &Faults, call: &Call, any_of: &[&str]) -> Result<(), Reply> {
    let sent = call.header("authorization").unwrap_or_default();
    let bearer = match sent.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) | None => "",
    };
    if bearer.is_empty() {
        return Err(Reply::empty(401).with("www-authenticate", "Bearer realm=\"Service\""));
    }
    let refused = |error: &str, text: &str| {
        let header = format!("Bearer realm=\"Service\", error=\"{error}\", error_description=\"{text}\"");
        Reply::oauth(401, error, text).with("www-authenticate", header)
    };
    let now = account.utc();
    let revoked = faults.on(Kind::RevokedCredentials, &call.path);
    let Some(token) = account.tokens.get_mut(bearer).filter(|_| !revoked) else {
        return Err(refused("invalid_token", "The access token provided is invalid"));
    };
    let used_up = faults.number(Kind::TokenExpiresAfter, &call.path).is_some_and(|uses| token.uses >= uses);
    if token.expires_at <= now || used_up {
        return Err(refused("expired_token", "The access token provided has expired"));
    }
    token.uses += 1;
    let forbidden = faults.words(Kind::ForbidScope, &call.path);
    let forbids = any_of.iter().any(|scope| forbidden.contains(scope));
    if forbids || !any_of.iter().any(|scope| token.scopes.contains(*scope)) {
        let text = "The request requires higher privileges than provided by the access token";
        return Err(Reply::oauth(403, "insufficient_scope", text));
    }
    Ok(())
}
