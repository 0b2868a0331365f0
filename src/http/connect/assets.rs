//! Style, script and icon of the connect page, from the binary. Their names carry a hash of what they hold, so that a
//! browser may keep them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/connect"]
struct Assets;

/// Where the page finds its files.
pub struct Names {
    pub style: String,
    pub script: String,
    pub icon: String,
}

pub static NAMES: LazyLock<Names> =
    LazyLock::new(|| Names { style: path("page.css"), script: path("page.js"), icon: path("icon.svg") });

fn path(file: &str) -> String {
    format!("/assets/connect/{}", hashed(file))
}

/// `page.css` as `page.<hash>.css`.
fn hashed(file: &str) -> String {
    let hash = Assets::get(file).map(|file| HEXLOWER.encode(&file.metadata.sha256_hash()[..8])).unwrap_or_default();
    let (name, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    format!("{name}.{hash}.{ending}")
}

pub async fn file(Path(name): Path<String>) -> Response {
    let found = Assets::iter().find(|file| hashed(file) == name).and_then(|file| Assets::get(&file));
    let Some(file) = found else { return super::guarded(StatusCode::NOT_FOUND.into_response()) };
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
    let mut response = super::guarded(([(header::CONTENT_TYPE, kind)], file.data.into_owned()).into_response());
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, forever);
    response
}
