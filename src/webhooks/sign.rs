//! Signatures as Standard Webhooks has them: HMAC-SHA-256 over id, time and body. Made here with the crates that the
//! service has already; the tests verify with the reference implementation.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub const ID: &str = "webhook-id";
pub const TIMESTAMP: &str = "webhook-timestamp";
pub const SIGNATURE: &str = "webhook-signature";

/// The value of the header: one signature a secret, separated by spaces. `at`: seconds since 1970.
pub fn signatures(secrets: &[Zeroizing<Vec<u8>>], id: &str, at: i64, body: &[u8]) -> String {
    let signed = secrets.iter().filter_map(|secret| {
        // A key of any length fits HMAC.
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(format!("{id}.{at}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    });
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use standardwebhooks::Webhook;

    use super::*;
    use crate::domain::Clock;
    use crate::domain::clock::SystemClock;

    #[test]
    fn the_example_of_the_specification_comes_out() {
        let secret = Zeroizing::new(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let body = br#"{"test": 2432232314}"#;
        let signed = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_reference_implementation_verifies_each_of_two_secrets_and_no_other() {
        let secrets = [vec![1; 32], vec![2; 32]].map(Zeroizing::new);
        let (at, body) = (SystemClock.now().timestamp(), br#"{"a":"\u017b"}"#);
        let mut headers = HeaderMap::new();
        headers.insert(ID, "msg_1".parse().unwrap());
        headers.insert(TIMESTAMP, at.to_string().parse().unwrap());
        headers.insert(SIGNATURE, signatures(&secrets, "msg_1", at, body).parse().unwrap());
        for (key, good) in [(1, true), (2, true), (3, false)] {
            let verified = Webhook::from_bytes(vec![key; 32]).unwrap().verify(body, &headers);
            assert_eq!(verified.is_ok(), good, "{key}");
        }
        assert!(Webhook::from_bytes(vec![1; 32]).unwrap().verify(b"{}", &headers).is_err());
    }
}
