//! One request to a vendor, before it is sent: a template that names the endpoint in every message, and the
//! values that fill it.

use std::borrow::Cow;

use bytes::Bytes;
use http::Method;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING,
};
use serde_json::Value;
use url::Url;

use super::super::error::{Error, ErrorKind};
use crate::net;

/// Built up by its methods; what cannot be sent is reported when it is sent.
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) method: Method,
    /// `/recruitments/{id}`: what messages and logs call it.
    pub(super) endpoint: Cow<'static, str>,
    /// Path below the base URL in which the endpoint lies, e.g. `/api/integration/v2`.
    below: &'static str,
    /// In the place of the endpoint's template: segments of a path that a caller chose, and whether it ends with a
    /// slash.
    chosen: Option<(Vec<String>, bool)>,
    parameters: Vec<(&'static str, String)>,
    query: Vec<(Cow<'static, str>, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: net::Body,
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
            chosen: None,
            parameters: Vec::new(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: net::Body::default(),
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

    /// A request of the caller's own, to whatever lies below `root`. Redirects of it are followed only there; one that
    /// leads elsewhere, or that answers a write, is the answer. `endpoint` is what messages call it.
    pub fn of_caller(
        method: Method,
        (endpoint, root): (&'static str, &'static str),
        path: Vec<String>,
        trailing_slash: bool,
    ) -> Self {
        Self { below: root, chosen: Some((path, trailing_slash)), ..Self::new(method, endpoint) }
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

    /// Headers as they are; what belongs to the connection stays ours.
    pub fn headers(mut self, headers: &HeaderMap) -> Self {
        let ours = [HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, AUTHORIZATION];
        for (name, value) in headers.iter().filter(|(name, _)| !ours.contains(name)) {
            self.headers.append(name.clone(), value.clone());
        }
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = net::Body::bytes(body);
        self.header(CONTENT_TYPE, content_type)
    }

    /// A body that is read while it is sent.
    pub fn streamed(mut self, content_type: &str, body: net::Body) -> Self {
        self.body = body;
        self.header(CONTENT_TYPE, content_type)
    }

    /// A body whose type is among the headers.
    pub fn bytes(mut self, body: Bytes) -> Self {
        self.body = net::Body::bytes(body);
        self
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
        let mut url = self.root(base)?;
        {
            let mut path = url.path_segments_mut().map_err(|()| malformed())?;
            let mut push = |segment: &str| {
                // Dot segments would be resolved, and control characters be dropped before that: neither may a value
                // bring about.
                if segment.is_empty() || segment.contains(char::is_control) || is_dots(segment) {
                    return Err(malformed());
                }
                path.push(segment);
                Ok(())
            };
            let slash = match &self.chosen {
                Some((segments, slash)) => {
                    segments.iter().try_for_each(|segment| push(segment))?;
                    *slash
                }
                None => {
                    for segment in self.endpoint.split('/').filter(|segment| !segment.is_empty()) {
                        push(&self.fill(segment).ok_or_else(malformed)?)?;
                    }
                    self.endpoint.ends_with('/')
                }
            };
            if slash {
                path.push("");
            }
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    /// `base` with the path that stands before the endpoint.
    fn root(&self, base: &Url) -> Result<Url, Error> {
        let mut url = base.clone();
        {
            let mut path = url.path_segments_mut().map_err(|()| Error::new(ErrorKind::Invalid, "no root of paths"))?;
            path.pop_if_empty().extend(self.below.split('/').filter(|segment| !segment.is_empty()));
        }
        Ok(url)
    }

    /// Whether a redirect to `to` may be followed.
    pub(super) fn may_go_to(&self, base: &Url, to: &Url) -> bool {
        if to.origin() != base.origin() {
            return false;
        }
        let below = |root: &Url| to.path().strip_prefix(root.path()).is_some_and(|rest| rest.starts_with('/'));
        self.chosen.is_none() || self.root(base).is_ok_and(|root| below(&root))
    }

    /// Whether a redirect that is not followed is an answer like any other.
    pub(super) fn takes_any_answer(&self) -> bool {
        self.chosen.is_some()
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
    fn a_path_of_the_caller_stays_below_its_root() {
        let base = Url::parse("http://h/root/").unwrap();
        let call = |path: &[&str], slash| {
            let path = path.iter().map(|segment| (*segment).to_owned()).collect();
            Call::of_caller(Method::GET, ("passthrough", "/api/v2"), path, slash)
        };
        let cases: [(&[&str], bool, Option<&str>); 11] = [
            (&["jobs", "7"], false, Some("http://h/root/api/v2/jobs/7")),
            (&["jobs"], true, Some("http://h/root/api/v2/jobs/")),
            (&["ł b", "a/../b", "c\\..\\d"], false, Some("http://h/root/api/v2/%C5%82%20b/a%2F..%2Fb/c%5C..%5Cd")),
            (&["a?b#c", "%2F"], false, Some("http://h/root/api/v2/a%3Fb%23c/%252F")),
            (&["http://evil"], false, Some("http://h/root/api/v2/http:%2F%2Fevil")),
            (&[".."], false, None),
            (&["a", "%2e%2E"], false, None),
            (&[".\t."], false, None),
            (&["a\nb"], false, None),
            (&["", "x"], false, None),
            (&["."], true, None),
        ];
        for (path, slash, expected) in cases {
            assert_eq!(url(&call(path, slash)).as_deref(), expected, "{path:?}");
        }
        let goes = |to: &str| call(&["jobs"], false).may_go_to(&base, &Url::parse(to).unwrap());
        assert!(goes("http://h/root/api/v2/jobs/"));
        for elsewhere in
            ["http://h/root/api/v20/jobs", "http://h/root/api/v2", "http://h/oauth2/token", "http://e/api/v2/x"]
        {
            assert!(!goes(elsewhere), "{elsewhere}");
        }
    }
}
