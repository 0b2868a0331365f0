//! One visit of the page: who came, in which language, and the pages as they are shown to them.

use std::sync::Arc;

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tracing::error;
use url::{Url, form_urlencoded};

use super::form::{Fields, Guard, cookie};
use super::pages::{Choose, Done, Guide, Head, Layout, Message, OneCheck, Outcome, Records, Sources, Step};
use super::texts::{Language, Texts, fill};
use super::vendor::{CheckView, Said, Vendor};
use crate::connectors::manifest::{Check, Manifest};
use crate::sync::{Engine, Link};

const LANGUAGE_COOKIE: &str = "connect-language";
const YEAR: u32 = 365 * 24 * 3600;

#[derive(Clone)]
pub struct Visit(Arc<Inner>);

struct Inner {
    token: SecretString,
    /// The path of the page.
    here: String,
    /// The path with the step, without the language.
    address: String,
    language: Language,
    /// Whether the language was chosen by this very request.
    chosen: bool,
    secure: bool,
    guard: Guard,
}

/// A page that is ready to be sent.
pub struct Shown {
    status: StatusCode,
    pub title: String,
    /// HTML.
    pub main: String,
}

impl Visit {
    pub fn new(engine: &Engine, token: SecretString, headers: &HeaderMap, query: &Fields) -> Self {
        let chosen = query.get("lang").and_then(Language::parse);
        let kept = || cookie(headers, LANGUAGE_COOKIE).and_then(Language::parse);
        let language = chosen.or_else(kept).unwrap_or_else(|| accepted(headers));
        let secure = engine.address().is_some_and(|url| url.starts_with("https://"));
        // Whatever the token is, it stays one segment of the path.
        let escaped: String = form_urlencoded::byte_serialize(token.expose_secret().as_bytes()).collect();
        let here = format!("/connect/{escaped}");
        let mut kept = form_urlencoded::Serializer::new(String::new());
        for name in ["connector", "step", "agree"] {
            kept.extend_pairs(query.get(name).map(|value| (name, value)));
        }
        let kept = kept.finish();
        let address = if kept.is_empty() { here.clone() } else { format!("{here}?{kept}") };
        let guard = Guard::new(headers, secure, engine.ids());
        Self(Arc::new(Inner { token, here, address, language, chosen: chosen.is_some(), secure, guard }))
    }

    pub fn token(&self) -> &SecretString {
        &self.0.token
    }

    pub fn texts(&self) -> &'static Texts {
        self.0.language.texts()
    }

    pub fn ours(&self, text: &str) -> Said {
        Said { text: text.to_owned(), lang: self.texts().tag }
    }

    pub fn vendor(&self, manifest: &'static Manifest) -> Vendor {
        Vendor::new(manifest, self.0.language)
    }

    /// What a form carries, to show that it came from here.
    pub fn stamp(&self) -> String {
        self.0.guard.stamp(&self.0.token)
    }

    /// Whether this browser had these fields from us.
    pub fn sent(&self, fields: &Fields) -> bool {
        self.0.guard.knows(&self.0.token, fields.get("form"))
    }

    pub fn head(&self, link: &Link, vendor: Option<&Vendor>, now: Step) -> Head {
        Head::new(self.0.language, &self.0.here, &link.row.organization_name, vendor, now)
    }

    pub fn choose(&self, link: &Link, manifests: impl Iterator<Item = &'static Manifest>) -> Shown {
        let vendors = manifests.map(|manifest| (manifest.slug, manifest.name)).collect();
        let page = Choose { head: self.head(link, None, Step::Choose), vendors };
        self.page(StatusCode::OK, self.texts().choose_title, &page)
    }

    pub fn guide(&self, link: &Link, vendor: &Vendor) -> Shown {
        let head = self.head(link, Some(vendor), Step::Guide);
        let again = link.row.reconnects;
        let title = head.of_vendor(if again { self.texts().guide_title_again } else { self.texts().guide_title });
        let page = Guide {
            head,
            again,
            free: link.row.connector.is_none(),
            prerequisites: vendor.prerequisites(),
            guide: vendor.steps(),
        };
        self.page(StatusCode::OK, &title, &page)
    }

    /// `missing`: whether one tried to go on without agreeing.
    pub fn records(&self, link: &Link, vendor: &Vendor, missing: bool) -> Shown {
        let t = self.texts();
        let title = match missing {
            true => format!("{}: {}", t.problem, t.records_title),
            false => t.records_title.to_owned(),
        };
        let head = self.head(link, Some(vendor), Step::Records);
        let page = Records { head, records: vendor.records(), actions: vendor.actions(), missing };
        self.page(if missing { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &title, &page)
    }

    pub fn connected(&self, link: &Link, vendor: &Vendor, tests: &[Check]) -> Shown {
        let head = self.head(link, Some(vendor), Step::Credentials);
        let title = head.of_vendor(self.texts().connected_title);
        let page = Outcome {
            head,
            checks: tests.iter().map(|check| vendor.check(check)).collect(),
            failed: tests.iter().filter(|check| !check.passed).count(),
            sources: vendor.has_sources(),
        };
        self.page(StatusCode::OK, &title, &page)
    }

    pub fn sources(&self, link: &Link, vendor: &Vendor) -> Shown {
        let page = Sources { head: self.head(link, Some(vendor), Step::Sources), guide: vendor.source_steps() };
        self.page(StatusCode::OK, self.texts().sources_title, &page)
    }

    pub fn done(&self, link: &Link, vendor: &Vendor) -> Shown {
        let head = self.head(link, Some(vendor), Step::Done);
        let title = head.of_vendor(self.texts().done_title);
        let t = self.texts();
        let named = |url: &String| Some((url.clone(), fill(t.lead_back, &[Url::parse(url).ok()?.host_str()?])));
        let page = Done {
            head,
            again: link.row.reconnects,
            sources: vendor.has_sources(),
            lead_back: link.row.redirect_url.as_ref().and_then(named),
        };
        self.page(StatusCode::OK, &title, &page)
    }

    /// `again`: whether the page can be opened anew.
    pub fn message(&self, status: StatusCode, title: &'static str, text: &'static str, again: bool) -> Shown {
        let page = Message { t: self.texts(), title, text, again: again.then(|| self.0.here.clone()) };
        self.page(status, title, &page)
    }

    pub fn broken(&self) -> Shown {
        let t = self.texts();
        self.message(StatusCode::SERVICE_UNAVAILABLE, t.broken_title, t.broken, true)
    }

    /// A test that has ended, for the script.
    pub fn line(&self, check: &CheckView) -> Value {
        let page = OneCheck { t: self.texts(), check };
        json!({ "check": rendered(&page).unwrap_or_default() })
    }

    pub fn page(&self, status: StatusCode, title: &str, page: &impl Template) -> Shown {
        let (status, main) = match rendered(page) {
            Some(main) => (status, main),
            None => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        };
        Shown { status, title: title.to_owned(), main }
    }

    /// The whole page, with what the browser is to keep.
    pub fn answer(&self, shown: &Shown) -> Response {
        let layout = Layout::new(self.0.language, &self.0.address, &shown.title, &shown.main);
        let html = rendered(&layout).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        let mut response = (shown.status, kind, html).into_response();
        let language = self.0.chosen.then(|| {
            let secure = if self.0.secure { "; Secure" } else { "" };
            let tag = self.texts().tag;
            format!("{LANGUAGE_COOKIE}={tag}; Path=/connect; Max-Age={YEAR}; HttpOnly; SameSite=Lax{secure}")
        });
        for cookie in [self.0.guard.set_cookie(), language].into_iter().flatten() {
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
        super::guarded(response)
    }
}

fn rendered(page: &impl Template) -> Option<String> {
    page.render().inspect_err(|error| error!(%error, "a page could not be rendered")).ok()
}

/// The browser's first choice among the languages that there are.
fn accepted(headers: &HeaderMap) -> Language {
    let all = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let weighted = all.flat_map(|value| value.split(',')).filter_map(|part| {
        let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
        let weight: f32 = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok()).unwrap_or(1.0);
        Some((Language::parse(tag.trim())?, weight)).filter(|(_, weight)| *weight > 0.0)
    });
    // The first of those that weigh most.
    let best = weighted.fold(None, |best: Option<(Language, f32)>, (language, weight)| match best {
        Some((_, known)) if known >= weight => best,
        _ => Some((language, weight)),
    });
    best.map_or(Language::En, |(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_first_choice_is_taken() {
        for (sent, expected) in [
            ("", Language::En),
            ("de", Language::De),
            ("de-CH,de;q=0.9,en;q=0.8", Language::De),
            ("en;q=0.5, de;q=0.7", Language::De),
            ("pl, en;q=0.8, de;q=0.8", Language::En),
            ("de;q=0, en;q=0.1", Language::En),
            ("fr", Language::En),
        ] {
            let headers = [(header::ACCEPT_LANGUAGE, HeaderValue::from_static(sent))].into_iter().collect();
            assert_eq!(accepted(&headers), expected, "{sent}");
        }
    }
}
