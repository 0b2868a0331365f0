//! The GraphiQL page at `/` and its files, all from the binary. Built by `assets/graphiql/build.sh`; what is embedded
//! is gzipped once, then. Never asks another origin for anything, and its policy lets the browser ask none.

use std::borrow::Cow;
use std::io::Read;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::HEXLOWER;
use rust_embed::{EmbeddedFile, RustEmbed};

/// rust-embed rather than include_dir: it hashes each file at build time, which is the page's etag.
#[derive(RustEmbed)]
#[folder = "assets/graphiql/dist"]
struct Assets;

/// Monaco writes style elements as it runs, so styles may be inline; scripts may not. `'self'` covers the workers, the
/// API and its WebSocket. The key lives in the page, so nothing may carry it elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self'; \
                      connect-src 'self'; img-src 'self' data:; font-src 'self' data:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// `GET /` and `GET /assets/graphiql/{file}`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/", get(page)).route("/assets/graphiql/{file}", get(asset))
}

async fn page(headers: HeaderMap) -> Response {
    let Some(file) = Assets::get("index.html.gz") else { return StatusCode::NOT_FOUND.into_response() };
    let packed = takes_gzip(&headers);
    // Weak: one tag for the packed and the plain form.
    let etag = format!("W/\"{}\"", HEXLOWER.encode(&file.metadata.sha256_hash()[..16]));
    let current = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim() == "*" || opaque(known) == opaque(&etag));
    let mut response =
        if current { StatusCode::NOT_MODIFIED.into_response() } else { body(file, "text/html; charset=utf-8", packed) };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    guarded(response)
}

async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(content) = Assets::get(&format!("assets/graphiql/{file}.gz")) else {
        return guarded(StatusCode::NOT_FOUND.into_response());
    };
    let mut response = body(content, content_type(&file), takes_gzip(&headers));
    // The names carry a hash of the content.
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, forever);
    guarded(response)
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

/// A worker has the policy of its own response, so every file carries it.
fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
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
            let refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0);
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

    async fn get(path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = router::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn the_page_and_every_file_it_names_come_from_the_binary() {
        let (status, headers, body) = get("/", &[]).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert!(!headers.contains_key("content-encoding"));
        let html = String::from_utf8(body).unwrap();
        assert!(html.contains("<title>Hiregraph</title>"));
        assert!(!html.contains("://"), "the page names another origin: {html}");
        let files: Vec<_> = html.split('"').filter_map(|part| part.strip_prefix("./assets/")).collect();
        assert!(files.len() >= 3, "script, style and icon: {files:?}");
        for file in files {
            let (status, headers, body) = get(&format!("/assets/{file}"), &[("accept-encoding", "br, gzip")]).await;
            assert_eq!(status, StatusCode::OK, "{file}");
            assert_eq!(headers["content-encoding"], "gzip");
            assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
            assert_ne!(headers["content-type"], "application/octet-stream", "{file}");
            assert_eq!(body[..2], [0x1f, 0x8b], "{file}");
        }
    }

    #[tokio::test]
    async fn the_page_is_sent_again_only_when_it_changed() {
        let (_, headers, _) = get("/", &[]).await;
        assert_eq!(headers["cache-control"], "no-cache");
        let etag = headers["etag"].to_str().unwrap().to_owned();
        for (known, expected) in [
            (etag.as_str(), StatusCode::NOT_MODIFIED),
            (etag.trim_start_matches("W/"), StatusCode::NOT_MODIFIED),
            ("\"other\"", StatusCode::OK),
        ] {
            assert_eq!(get("/", &[("if-none-match", known)]).await.0, expected, "{known}");
        }
    }

    #[tokio::test]
    async fn every_answer_carries_the_policy() {
        for path in ["/", "/assets/graphiql/none.js"] {
            let (_, headers, _) = get(path, &[]).await;
            assert_eq!(headers["content-security-policy"], POLICY, "{path}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        }
        assert_eq!(get("/assets/graphiql/none.js", &[]).await.0, StatusCode::NOT_FOUND);
        assert_eq!(get("/assets/graphiql/..%2F..%2Findex.html", &[]).await.0, StatusCode::NOT_FOUND);
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
