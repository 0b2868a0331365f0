//! What a browser sends: fields, cookies, and the proof that a form came from our own page. A link's token alone lets
//! nobody send a form from another site.

use axum::http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};

use crate::domain::Ids;

/// Fields of a query or a form, in their order.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).next()
}

/// Whether the browser says that a form comes from elsewhere. One that does not say is believed by its cookie alone.
pub fn is_foreign(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    // Our own policy hides the origin of forms: `null` is what browsers send then.
    match text("origin") {
        None | Some("null") => false,
        Some(origin) => {
            let ours = public_url.and_then(|url| Url::parse(url).ok()).map(|url| url.origin().ascii_serialization());
            let asked = text("host").is_some_and(|host| {
                origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")) == Some(host)
            });
            ours.as_deref() != Some(origin) && !asked
        }
    }
}

/// A random cookie, which no other site can read or send along with a form. Forms carry what is made from it.
pub struct Guard {
    value: String,
    /// Whether the browser has to be told.
    fresh: bool,
    secure: bool,
}

impl Guard {
    /// `secure`: whether the page is reached by https, as it is said to be.
    pub fn new(headers: &HeaderMap, secure: bool, ids: &dyn Ids) -> Self {
        let known = cookie(headers, name(secure)).filter(|value| {
            value.len() == 52 && value.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte))
        });
        if let Some(value) = known {
            return Self { value: value.to_owned(), fresh: false, secure };
        }
        let mut bytes = [0; 32];
        ids.fill(&mut bytes);
        let value = data_encoding::BASE32_NOPAD.encode(&bytes).to_lowercase();
        Self { value, fresh: true, secure }
    }

    /// What a form of this link's page carries.
    pub fn stamp(&self, token: &SecretString) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("hiregraph 2026-11-25 form of the connect page");
        hasher.update(self.value.as_bytes()).update(token.expose_secret().as_bytes());
        hasher.finalize().to_hex().to_string()
    }

    /// Whether a form is one of this browser's for this link.
    pub fn knows(&self, token: &SecretString, stamp: Option<&str>) -> bool {
        let given = stamp.unwrap_or_default().as_bytes();
        !self.fresh && bool::from(self.stamp(token).as_bytes().ct_eq(given))
    }

    /// Lax, not strict: or each visit from a mail would make the forms of other tabs worthless.
    pub fn set_cookie(&self) -> Option<String> {
        let secure = if self.secure { "; Secure" } else { "" };
        let (name, value) = (name(self.secure), &self.value);
        self.fresh.then(|| format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}"))
    }
}

/// `__Host-`: no other host of the domain can set it.
fn name(secure: bool) -> &'static str {
    if secure { "__Host-connect" } else { "connect" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::SeededIds;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_form_from_elsewhere_is_known() {
        let ours = Some("https://connect.example/");
        for (sent, foreign) in [
            (&[][..], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], false),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("origin", "null")], false),
            (&[("origin", "https://connect.example")], false),
            (&[("origin", "http://10.0.0.1:8080"), ("host", "10.0.0.1:8080")], false),
            (&[("origin", "https://evil.example"), ("host", "connect.example")], true),
            (&[("origin", "http://connect.example")], true),
        ] {
            assert_eq!(is_foreign(&headers(sent), ours), foreign, "{sent:?}");
        }
    }

    #[test]
    fn a_stamp_is_of_one_browser_and_one_link() {
        let ids = SeededIds::new(1);
        let (one, other) = (SecretString::from("one"), SecretString::from("other"));
        let first = Guard::new(&HeaderMap::new(), true, &ids);
        assert!(!first.knows(&one, Some(&first.stamp(&one))), "its browser was not told yet");
        let set = first.set_cookie().unwrap();
        assert!(
            set.starts_with("__Host-connect=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
            "{set}"
        );
        let sent = headers(&[("cookie", &format!("a=b; {}", set.split(';').next().unwrap()))]);
        let again = Guard::new(&sent, true, &ids);
        assert!(again.set_cookie().is_none());
        assert!(again.knows(&one, Some(&first.stamp(&one))));
        for wrong in [None, Some(""), Some("x"), Some(first.stamp(&other).as_str())] {
            assert!(!again.knows(&one, wrong), "{wrong:?}");
        }
        assert!(Guard::new(&sent, false, &ids).set_cookie().is_some(), "another name");
        let short = headers(&[("cookie", "__Host-connect=abc")]);
        assert!(Guard::new(&short, true, &ids).set_cookie().is_some(), "a value that is none of ours");
    }
}
