//! Authentication, the check of a bearer token, and which category a path belongs to (§1.2, §1.3, §1.8).

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::account::Account;
use super::fault::{Faults, Kind};
use super::reply::{Call, Reply};

/// The life of a token, in seconds.
const LIFE: i64 = 900;

pub(super) struct Token {
    pub(super) access_key: String,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) uses: u64,
}

pub(super) fn hmac(secret: &[u8], text: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// An HS256 JWT with `iat` and `exp`, and a number that keeps two of the same second apart.
fn jwt(account: &Account, issued: DateTime<Utc>) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let now = issued.timestamp();
    let claims = json!({"iat": now, "exp": now + LIFE, "jti": account.tokens_made}).to_string();
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = hmac(format!("simulated {}", account.seed).as_bytes(), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(super) fn authenticate(account: &mut Account, faults: &Faults, call: &Call) -> Reply {
    if call.method != Method::POST {
        return Reply::no_endpoint();
    }
    if faults.on(Kind::ExpiredContract, &call.path) {
        return Reply::refuse(403, "InvalidCustomerNumberError", "The contract has expired");
    }
    let given = match call.object() {
        Ok(given) => given,
        Err(refused) => return refused,
    };
    let text = |name: &str| given.get(name).and_then(serde_json::Value::as_str);
    let (Some(access_key), Some(secret)) = (text("accessKey"), text("secretAccessKey")) else {
        return Reply::refuse(400, "MissingParameterError", "accessKey or secretAccessKey is missing");
    };
    let known = account.keys.get(access_key).is_some_and(|key| key.secret == secret);
    if !known || faults.on(Kind::RevokedCredentials, &call.path) {
        return Reply::refuse(403, "InvalidCredentialsError", "The credentials are invalid");
    }
    account.tokens_made += 1;
    let now = account.now();
    let token = match faults.on(Kind::OpaqueToken, &call.path) {
        true => format!("opaque-{}-{}", account.seed, account.tokens_made),
        false => jwt(account, now),
    };
    let kept = Token { access_key: access_key.to_owned(), expires_at: now + Duration::seconds(LIFE), uses: 0 };
    account.tokens.insert(token.clone(), kept);
    Reply::json(200, &json!({"token": token}))
}

/// The access key of the caller; refuses a call whose token is missing, unknown or expired.
pub(super) fn check(account: &mut Account, faults: &Faults, call: &Call) -> Result<String, Reply> {
    let status = faults.number(Kind::TokenStatus, &call.path).and_then(|status| u16::try_from(status).ok());
    let refused = |kind: &str, text: &str| Reply::refuse(status.unwrap_or(401), kind, text);
    if faults.on(Kind::ExpiredContract, &call.path) {
        return Err(Reply::refuse(403, "InvalidCustomerNumberError", "The contract has expired"));
    }
    let Some(sent) = call.header("authorization") else {
        return Err(refused("MissingAuthorizationHeaderError", "The Authorization header is missing"));
    };
    let Some(bearer) = sent.strip_prefix("Bearer ").map(str::trim).filter(|token| !token.is_empty()) else {
        return Err(refused("MalformedAuthorizationHeaderError", "The Authorization header is malformed"));
    };
    let now = account.now();
    let revoked = faults.on(Kind::RevokedCredentials, &call.path);
    let used_up = faults.number(Kind::TokenExpiresAfter, &call.path);
    let token = account.tokens.get_mut(bearer).filter(|_| !revoked);
    let token = token.filter(|token| token.expires_at > now && used_up.is_none_or(|uses| token.uses < uses));
    let Some(token) = token else {
        return Err(refused("InvalidBearerTokenError", "The bearer token is invalid or expired"));
    };
    token.uses += 1;
    Ok(token.access_key.clone())
}

/// Refuses a call that the key's grid does not allow.
pub(super) fn permit(account: &Account, faults: &Faults, call: &Call, access_key: &str) -> Result<(), Reply> {
    let Some(category) = category_of(&call.path) else { return Ok(()) };
    let has = |access: &str| {
        let key = account.keys.get(access_key);
        key.is_some_and(|key| key.permissions.contains(&format!("{category}:{access}")))
    };
    let polls = call.path.contains("/jobs/");
    let allowed = match call.method == Method::GET {
        true => has("read") || (polls && has("write")),
        false => has("write"),
    };
    if allowed && !faults.words(Kind::Forbid, &call.path).contains(&category) {
        return Ok(());
    }
    Err(Reply::refuse(403, "PermissionDeniedError", "The access key lacks the permission for this endpoint"))
}

fn category_of(path: &str) -> Option<&'static str> {
    let first = path.strip_prefix("/v2/")?.split('/').next()?;
    Some(match first {
        "applicant-management" => "Applicant Management",
        "persons" => "Persons",
        "organization-units" | "permanent-establishments" => "General",
        "webhooks" => "Utility",
        _ => return None,
    })
}
