//! The operator's console at `/console`. Built by `assets/console/build.sh`. It asks the public graph and nothing else, with
//! the key that whoever opens it enters.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use rust_embed::RustEmbed;

use super::embedded::Page;

#[derive(RustEmbed)]
#[folder = "assets/console/dist"]
struct Assets;

/// Nothing inline, and no markup from texts. The key lives in the page, so nothing may carry it elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Page { find: Assets::get, folder: "console", policy: POLICY }
        .router("/console")
        // The page's files are named relative to `/console`.
        .route("/console/", get(|| async { Redirect::permanent("../console") }))
}
