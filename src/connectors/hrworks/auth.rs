//! Signing in: a key pair against a token that is good for 15 minutes (§1.3).

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::client::BASE;
use super::refusal::{Refusal, wrong_key_pair};
use super::wire::TokenAnswer;
use crate::connectors::error::Error;
use crate::connectors::vendor_http::{Anonymous, Answer, Authenticator, Call, Token};

const AUTHENTICATION: &str = "/authentication";

/// The life of a token whose end cannot be read: a minute less than HR WORKS promises.
const LIFE: TimeDelta = TimeDelta::minutes(14);

/// One key pair of an HR WORKS account.
pub struct KeyPair {
    pub access_key: String,
    pub secret: SecretString,
}

#[async_trait]
impl Authenticator for KeyPair {
    async fn mint(&self, http: Anonymous<'_>) -> Result<Token, Error> {
        let call = Call::post(AUTHENTICATION).below(BASE).json(&json!({
            "accessKey": self.access_key,
            "secretAccessKey": self.secret.expose_secret(),
        }));
        let answer = http.send(call).await?;
        if !answer.status.is_success() {
            let refusal = Refusal::read(&answer.body);
            let nameless = refusal.kind.is_none() && matches!(answer.status.as_u16(), 401 | 403);
            return Err(if nameless { wrong_key_pair() } else { refusal.error(&answer) });
        }
        let TokenAnswer { token } = answer.json()?;
        if token.expose_secret().is_empty() {
            return Err(Error::shape(AUTHENTICATION, "token", "a text with something in it"));
        }
        let now = http.clock().now();
        let expires_at = expiry(token.expose_secret()).filter(|end| *end > now).unwrap_or(now + LIFE);
        Ok(Token { value: token, expires_at })
    }

    fn refused(&self, answer: &Answer) -> bool {
        !answer.status.is_success() && Refusal::read(&answer.body).is_of_token(answer.status.as_u16())
    }
}

/// The `exp` of a JWT, whose signature is none of our business. None when it cannot be read.
fn expiry(token: &str) -> Option<DateTime<Utc>> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let forgiving = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    // The padded and the plain alphabet have been met, too.
    let claims = token.split('.').nth(1)?.replace('+', "-").replace('/', "_");
    let claims = GeneralPurpose::new(&base64::alphabet::URL_SAFE, forgiving).decode(claims).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "a float that is out of range saturates, and is then no time")]
    DateTime::from_timestamp(claims.exp as i64, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_from_its_claims() {
        // {"iat":1770000000,"exp":1770000900}, then {"exp":1770000900.5,"n":"?>?>~~"} in both alphabets.
        let plain = base64::engine::general_purpose::STANDARD;
        let url = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let whole = r#"{"iat":1770000000,"exp":1770000900}"#;
        let odd = r#"{"exp":1770000900.5,"n":"?>?>~~"}"#;
        let end = DateTime::from_timestamp(1_770_000_900, 0);
        for claims in [plain.encode(whole), url.encode(whole), plain.encode(odd), url.encode(odd)] {
            assert_eq!(expiry(&format!("h.{claims}.s")), end, "{claims}");
        }
        for token in ["", "opaque", "a.b.c", "a..c", "a.eyJpYXQiOjF9.c", "a.e30.c", "a.eyJleHAiOiIxIn0.c"] {
            assert_eq!(expiry(token), None, "{token}");
        }
        let absurd = url.encode(r#"{"exp":1e300}"#);
        assert_eq!(expiry(&format!("h.{absurd}.s")), None);
    }
}
