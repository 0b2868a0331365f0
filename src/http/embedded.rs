//! Pages that come from the binary: an index, and files whose names carry a hash of their content. What is embedded was
//! gzipped once, when the page was built. Never asks another origin for anything, and a page's policy must let the browser
//! ask none.

use std::borrow::Cow;
use std::io::Read;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::HEXLOWER;
use rust_embed::EmbeddedFile;

/// A page and its files.
#[derive(Clone, Copy)]
pub struct Page {
    /// Finds what was embedded, by its path in the page's `dist`.
    pub find: fn(&str) -> Option<EmbeddedFile>,
    /// Where its files lie, below `/assets`.
    pub folder: &'static str,
    /// The content security policy of everything.
    pub policy: &'static str,
}

impl Page {
    /// `GET {at}` and `GET /assets/{folder}/{file}`.
    pub fn router<S: Clone + Send + Sync + 'static>(self, at: &str) -> Router<S> {
        let index = move |headers: HeaderMap| async move { self.index(&headers) };
        let file = move |Path(name): Path<String>, headers: HeaderMap| async move { self.file(&name, &headers) };
        Router::new().route(at, get(index)).route(&format!("/assets/{}/{{file}}", self.folder), get(file))
    }

    fn index(self, headers: &HeaderMap) -> Response {
        let Some(file) = (self.find)("index.html.gz") else {
            return self.guarded(StatusCode::NOT_FOUND.into_response());
        };
        let packed = takes_gzip(headers);
        // Weak: one tag for the packed and the plain form.
        let etag = format!("W/\"{}\"", HEXLOWER.encode(&file.metadata.sha256_hash()[..16]));
        let current = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|known| known.trim() == "*" || opaque(known) == opaque(&etag));
        let mut response = if current {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            body(file, "text/html; charset=utf-8", packed)
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        self.guarded(response)
    }

    fn file(self, name: &str, headers: &HeaderMap) -> Response {
        let Some(content) = (self.find)(&format!("assets/{}/{name}.gz", self.folder)) else {
            return self.guarded(StatusCode::NOT_FOUND.into_response());
        };
        let mut response = body(content, content_type(name), takes_gzip(headers));
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, forever);
        self.guarded(response)
    }

    /// A worker has the policy of its own response, so every file carries it.
    fn guarded(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(self.policy));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }
}

fn body(file: EmbeddedFile, content_type: &'static str, packed: bool) -> Response {
    let kind = [(header::CONTENT_TYPE, content_type)];
    if packed {
        let encoding = [(header::CONTENT_ENCODING, "gzip")];
        return match file.data {
            Cow::Borrowed(bytes) => (kind, encoding, bytes).into_response(),
            Cow::Owned(bytes) => (kind, encoding, bytes).into_response(),
        };
    }
    let mut plain = Vec::new();
    match flate2::read::GzDecoder::new(file.data.as_ref()).read_to_end(&mut plain) {
        Ok(_) => (kind, plain).into_response(),
        Err(error) => {
            tracing::error!(%error, "an embedded file does not unpack");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn content_type(file: &str) -> &'static str {
    match file.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// Without the header anything may be sent; plain is what a client that says nothing can read for sure.
fn takes_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let refused =
                weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0);
            matches!(name.trim().to_ascii_lowercase().as_str(), "gzip" | "x-gzip" | "*") && !refused
        })
}

fn opaque(etag: &str) -> &str {
    let etag = etag.trim();
    etag.strip_prefix("W/").unwrap_or(etag)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;
    use crate::http::{console, graphiql};

    /// Each page's address and the folder of its files.
    const PAGES: [(&str, &str); 2] = [("/", "graphiql"), ("/console", "console")];

    async fn get(path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let router = graphiql::router::<()>().merge(console::router());
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn each_page_and_every_file_it_names_come_from_the_binary() {
        for (path, folder) in PAGES {
            let (status, headers, body) = get(path, &[]).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(headers["content-type"], "text/html; charset=utf-8");
            assert!(!headers.contains_key("content-encoding"));
            let html = String::from_utf8(body).unwrap();
            assert!(html.contains("<title>Hiregraph"), "{html}");
            assert!(!html.contains("://"), "the page names another origin: {html}");
            let files: Vec<_> = html.split('"').filter_map(|part| part.strip_prefix("./assets/")).collect();
            assert!(files.len() >= 3, "script, style and icon: {files:?}");
            for file in files {
                assert!(file.starts_with(folder), "{path} names {file}");
                let (status, headers, body) = get(&format!("/assets/{file}"), &[("accept-encoding", "br, gzip")]).await;
                assert_eq!(status, StatusCode::OK, "{file}");
                assert_eq!(headers["content-encoding"], "gzip");
                assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
                assert_ne!(headers["content-type"], "application/octet-stream", "{file}");
                assert_eq!(body[..2], [0x1f, 0x8b], "{file}");
            }
        }
    }

    #[tokio::test]
    async fn a_page_is_sent_again_only_when_it_changed() {
        for (path, _) in PAGES {
            let (_, headers, _) = get(path, &[]).await;
            assert_eq!(headers["cache-control"], "no-cache");
            let etag = headers["etag"].to_str().unwrap().to_owned();
            for (known, expected) in [
                (etag.as_str(), StatusCode::NOT_MODIFIED),
                (etag.trim_start_matches("W/"), StatusCode::NOT_MODIFIED),
                ("\"other\"", StatusCode::OK),
            ] {
                assert_eq!(get(path, &[("if-none-match", known)]).await.0, expected, "{path}: {known}");
            }
        }
    }

    #[tokio::test]
    async fn every_answer_carries_the_policy() {
        for (path, folder) in PAGES {
            let (_, page, _) = get(path, &[]).await;
            let missing = format!("/assets/{folder}/none.js");
            let (status, none, _) = get(&missing, &[]).await;
            assert_eq!(status, StatusCode::NOT_FOUND);
            for headers in [page, none] {
                let policy = headers["content-security-policy"].to_str().unwrap();
                assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{path}: {policy}");
                assert!(!policy.contains("://"), "{path} lets another origin in: {policy}");
                assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
                assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
            }
            let outside = format!("/assets/{folder}/..%2F..%2Findex.html");
            assert_eq!(get(&outside, &[]).await.0, StatusCode::NOT_FOUND);
        }
    }

    #[test]
    fn gzip_is_sent_to_whom_it_suits() {
        for (accepted, expected) in
            [(None, false), (Some("gzip, br"), true), (Some("br"), false), (Some("gzip;q=0"), false), (Some("*"), true)]
        {
            let mut headers = HeaderMap::new();
            if let Some(accepted) = accepted {
                headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            }
            assert_eq!(takes_gzip(&headers), expected, "{accepted:?}");
        }
    }
}
