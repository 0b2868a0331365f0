//! The GraphiQL page at `/`. Built by `assets/graphiql/build.sh`.

use axum::Router;
use rust_embed::RustEmbed;

use super::embedded::Page;

/// rust-embed rather than include_dir: it hashes each file at build time, which is the page's etag.
#[derive(RustEmbed)]
#[folder = "assets/graphiql/dist"]
struct Assets;

/// Monaco writes style elements as it runs, so styles may be inline; scripts may not. `'self'` covers the workers, the
/// API and its WebSocket. The key lives in the page, so nothing may carry it elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self'; \
                      connect-src 'self'; img-src 'self' data:; font-src 'self' data:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Page { find: Assets::get, folder: "graphiql", policy: POLICY }.router("/")
}
