//! What a vendor answered, and how it is understood. Messages name endpoint and field, never a value.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::error::{Error, ErrorKind};

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The template that was asked, for messages.
    pub endpoint: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header that holds a count; nothing when it is missing or no number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// The body as JSON of type `T`; an error of kind `Shape` when it is not.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = without_nul(&self.body);
        let mut text = serde_json::Deserializer::from_slice(&body);
        let wrong = match serde_path_to_error::deserialize(&mut text) {
            Ok(value) => match text.end() {
                Ok(()) => return Ok(value),
                Err(_) => return Err(self.not_json()),
            },
            Err(wrong) => wrong,
        };
        if wrong.inner().is_data() {
            let (field, expected) = mismatch(&wrong.path().to_string(), wrong.inner());
            Err(Error::shape(&self.endpoint, &field, &expected))
        } else {
            Err(self.not_json())
        }
    }

    /// The body as a JSON array whose rows are read one by one with [`decode`].
    pub fn rows(&self) -> Result<Vec<Value>, Error> {
        match self.json()? {
            Value::Array(rows) => Ok(rows),
            _ => Err(Error::shape(&self.endpoint, "the body", "an array")),
        }
    }

    fn not_json(&self) -> Error {
        let content_type = self
            .header(CONTENT_TYPE.as_str())
            .map_or("no content type", |text| text.split(';').next().unwrap_or_default().trim());
        let plain = content_type.len() <= 60 && content_type.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        let content_type = if plain { content_type } else { "an unusual content type" };
        Error::new(ErrorKind::Shape, format!("{} answered {content_type} that is not JSON", self.endpoint))
            .private(format!("status {}, {} bytes", self.status.as_u16(), self.body.len()))
    }
}

/// PostgreSQL keeps no text with U+0000, and one such character must not stop the page that it is on.
fn without_nul(body: &[u8]) -> Cow<'_, [u8]> {
    const NUL: &[u8] = b"\\u0000";
    if !body.windows(NUL.len()).any(|part| part == NUL) {
        return Cow::Borrowed(body);
    }
    let mut kept = Vec::with_capacity(body.len());
    let mut rest = body;
    while let [byte, ..] = rest {
        if let Some(after) = rest.strip_prefix(NUL) {
            rest = after;
            continue;
        }
        // An escape is taken as a whole: behind an escaped backslash, u0000 is five letters.
        let length = if *byte == b'\\' { 2 } else { 1 };
        let (taken, after) = rest.split_at(length.min(rest.len()));
        kept.extend_from_slice(taken);
        rest = after;
    }
    Cow::Owned(kept)
}

/// One row of an answer; the error reads `<field path> is not <expected>`.
pub fn decode<T: DeserializeOwned>(row: &Value) -> Result<T, String> {
    serde_path_to_error::deserialize(row).map_err(|wrong| {
        let (field, expected) = mismatch(&wrong.path().to_string(), wrong.inner());
        format!("{field} is not {expected}")
    })
}

/// Field and expectation out of serde's message, whose first half holds the value.
fn mismatch(path: &str, error: &serde_json::Error) -> (String, String) {
    let message = error.to_string();
    let place = if path == "." { "the body" } else { path };
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        let field = if path == "." { name.to_owned() } else { format!("{path}.{name}") };
        return (field, "present".to_owned());
    }
    let expected = message
        .rsplit_once(", expected ")
        .map_or("understandable", |(_, rest)| rest.split(" at line ").next().unwrap_or(rest));
    (place.to_owned(), expected.to_owned())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Row {
        #[expect(dead_code, reason = "only its type matters here")]
        id: u64,
        #[expect(dead_code, reason = "only its type matters here")]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only its type matters here")]
        open: bool,
    }

    fn answer(content_type: &str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        Answer {
            status: StatusCode::OK,
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
            endpoint: "/jobs/{id}".into(),
        }
    }

    #[test]
    fn messages_name_endpoint_and_field_and_no_value() {
        let cases = [
            ("application/json", r#"{"id":"a secret"}"#, "/jobs/{id} answered an unexpected shape: id is not u64"),
            ("application/json", "{}", "/jobs/{id} answered an unexpected shape: id is not present"),
            (
                "application/json",
                r#"{"id":1,"inner":{"open":"secret, expected x"}}"#,
                "/jobs/{id} answered an unexpected shape: inner.open is not a boolean",
            ),
            ("application/json", "[true", "/jobs/{id} answered an unexpected shape: [0] is not u64"),
            ("text/html; charset=utf-8", "<html>secret</html>", "/jobs/{id} answered text/html that is not JSON"),
            (
                "application/json",
                r#"{"id":1} trailing secret"#,
                "/jobs/{id} answered application/json that is not JSON",
            ),
            ("application/json", "", "/jobs/{id} answered application/json that is not JSON"),
        ];
        for (content_type, body, expected) in cases {
            let error = answer(content_type, body).json::<Row>().unwrap_err();
            assert_eq!((error.kind, error.public.as_str()), (ErrorKind::Shape, expected), "{body}");
        }
        let error = answer("application/json", r#"{"rows":[]}"#).rows().unwrap_err();
        assert_eq!(error.public, "/jobs/{id} answered an unexpected shape: the body is not an array");
    }

    #[test]
    fn nul_is_left_out_and_nothing_else() {
        let text = |body: &str| answer("application/json", body).json::<String>().unwrap();
        assert_eq!(text(r#""a\u0000b\u0000""#), "ab");
        assert_eq!(text(r#""a\\u0000\u0001""#), "a\\u0000\u{1}");
    }

    #[test]
    fn a_row_names_the_path_to_what_is_wrong() {
        let row = serde_json::json!({"id": 1, "inner": {"open": "secret"}});
        assert_eq!(decode::<Row>(&row).unwrap_err(), "inner.open is not a boolean");
        assert_eq!(decode::<Row>(&serde_json::json!({})).unwrap_err(), "id is not present");
    }
}
