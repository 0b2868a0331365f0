//! One request to a vendor, before it is sent: a template that names the endpoint in every message, and the
//! values that fill it.

use std::borrow::Cow;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::super::error::{Error, ErrorKind};

/// Built up by its methods; what cannot be sent is reported when it is sent.
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) method: Method,
    /// `/recruitments/{id}`: what messages and logs call it.
    pub(super) endpoint: Cow<'static, str>,
    /// Path below the base URL in which the endpoint lies, e.g. `/api/integration/v2`.
    below: &'static str,
    parameters: Vec<(&'static str, String)>,
    query: Vec<(Cow<'static, str>, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) anonymous: bool,
    repeatable: bool,
    unsendable: bool,
}

impl Call {
    pub fn new(method: Method, endpoint: impl Into<Cow<'static, str>>) -> Self {
        Self {
            method,
            endpoint: endpoint.into(),
            below: "",
            parameters: Vec::new(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            anonymous: false,
            repeatable: false,
            unsendable: false,
        }
    }

    pub fn get(endpoint: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::GET, endpoint)
    }

    pub fn post(endpoint: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::POST, endpoint)
    }

    /// The path that stands before the endpoint and that messages leave out.
    pub fn below(mut self, path: &'static str) -> Self {
        self.below = path;
        self
    }

    /// Fills `{name}` of the template.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    pub fn query(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => drop(self.headers.insert(name, value)),
            Err(_) => self.unsendable = true,
        }
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE, content_type)
    }

    /// Sent without credentials.
    pub fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// Says of a method other than GET that sending it twice does no harm, e.g. asking for a token.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Whether sending it twice does no more than sending it once.
    pub(super) fn is_safe(&self) -> bool {
        self.repeatable || self.reads()
    }

    /// Whether a redirect of it can be followed.
    pub(super) fn reads(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// The URL below `base`. Never leaves `base`: a value cannot add a segment or climb out.
    pub(super) fn url(&self, base: &Url) -> Result<Url, Error> {
        let malformed =
            || Error::new(ErrorKind::Invalid, format!("{} cannot be asked with these values", self.endpoint));
        if self.unsendable {
            return Err(malformed());
        }
        let mut url = base.clone();
        {
            let mut path = url.path_segments_mut().map_err(|()| malformed())?;
            path.pop_if_empty();
            for segment in self.below.split('/').chain(self.endpoint.split('/')).filter(|segment| !segment.is_empty()) {
                let filled = self.fill(segment).ok_or_else(malformed)?;
                // Dot segments would be resolved, which a value must not bring about.
                if filled.is_empty() || is_dots(&filled) {
                    return Err(malformed());
                }
                path.push(&filled);
            }
            if self.endpoint.ends_with('/') {
                path.push("");
            }
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    fn fill<'a>(&'a self, segment: &'a str) -> Option<Cow<'a, str>> {
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return Some(Cow::Borrowed(segment));
        };
        self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| Cow::Borrowed(value.as_str()))
    }
}

fn is_dots(segment: &str) -> bool {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    plain == "." || plain == ".."
}

/// Path and names of the query, for logs: values may be personal.
pub(super) fn redacted(url: &Url) -> String {
    let mut text = url.path().to_owned();
    for (index, (name, _)) in url.query_pairs().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(&name);
        text.push('=');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(call: &Call) -> Option<String> {
        call.url(&Url::parse("http://h/root/").unwrap()).ok().map(Into::into)
    }

    #[test]
    fn templates_are_filled_below_the_base() {
        let detail = || Call::get("/jobs/{id}").below("/api/v2");
        assert_eq!(url(&detail().with("id", "7")).as_deref(), Some("http://h/root/api/v2/jobs/7"));
        assert_eq!(url(&detail().with("id", "a/b?c#d")).as_deref(), Some("http://h/root/api/v2/jobs/a%2Fb%3Fc%23d"));
        assert_eq!(url(&Call::get("/jobs/")).as_deref(), Some("http://h/root/jobs/"));
        for bad in ["", ".", "..", "%2e%2E", ".%2e"] {
            assert_eq!(url(&detail().with("id", bad)), None, "{bad}");
        }
        assert_eq!(url(&detail()), None);
        assert_eq!(url(&Call::get("/jobs/").header(http::header::ACCEPT, "a\nb")), None);
    }

    #[test]
    fn logs_show_no_values_of_the_query() {
        let call = Call::get("/people").query("email", "jan@example.com").query("page", "1");
        let url = call.url(&Url::parse("http://h/").unwrap()).unwrap();
        assert_eq!(redacted(&url), "/people?email=&page=");
    }
}
