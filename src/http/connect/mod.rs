//! The page at `/connect/{token}` on which an end customer connects its account, step by step, rendered here from what
//! the vendor's manifest and guide say. Works without scripts; with one, it shows the connection tests as they end.
//! Reaches nothing but what its link is good for, and names no vendor.

mod assets;
mod form;
mod pages;
mod texts;
mod vendor;
mod visit;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::{StreamExt, channel::mpsc, stream};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use tracing::error;

use super::Doors;
use crate::connectors::Checks;
use crate::connectors::manifest::{Check, Manifest};
use crate::domain::{ErrorCode, Refusal};
use crate::sync::{self, Attempt, Given, Link, LinkState};
use form::Fields;
use pages::{Credentials, Problem, Step};
use texts::fill;
use vendor::{Said, Vendor};
use visit::{Shown, Visit};

/// Everything from here and nothing inline. `connect-src` is for the tests as they end; a form leads to this page only,
/// and from its last step a link leads back.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A form is a few fields.
const LARGEST_FORM: usize = 64 * 1024;

/// What the script asks for: a line for each test as it ends, and one for what then takes the page's place.
const LIVE: &str = "application/x-ndjson";

/// `GET` and `POST /connect/{token}`, and the page's files.
pub fn router() -> Router<Doors> {
    Router::new().route("/connect/{token}", get(show).post(submit)).route("/assets/connect/{file}", get(assets::file))
}

async fn show(
    State(doors): State<Doors>,
    token: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let fields = Fields::parse(query.as_deref().unwrap_or_default().as_bytes());
    let visit = Visit::new(&doors.0.engine, named(token), &headers, &fields);
    let link = match doors.0.engine.link(visit.token()).await {
        Ok(link) => link,
        Err(failed) => return visit.answer(&broken(&visit, &failed)),
    };
    let shown = match look(&visit, link) {
        Ok(link) => step(&visit, &link, &doors, &fields),
        Err(shown) => shown,
    };
    visit.answer(&shown)
}

/// The token of an address. What is no text is that of no link, like any other that is unknown.
fn named(token: Result<Path<String>, PathRejection>) -> SecretString {
    token.map(|Path(token)| token).unwrap_or_default().into()
}

/// A link that is still good, or what is shown in the place of its steps.
fn look(visit: &Visit, link: Option<Link>) -> Result<Link, Shown> {
    let t = visit.texts();
    match link {
        None => Err(visit.message(StatusCode::NOT_FOUND, t.unknown_title, t.unknown, false)),
        Some(Link { state: LinkState::Expired, .. }) => {
            Err(visit.message(StatusCode::GONE, t.expired_title, t.expired, false))
        }
        Some(Link { state: LinkState::Dead, .. }) => Err(visit.message(StatusCode::GONE, t.dead_title, t.dead, false)),
        Some(link @ Link { state: LinkState::Open(_) | LinkState::Completed, .. }) => Ok(link),
    }
}

/// The step that is asked for, or the first that is not done.
fn step(visit: &Visit, link: &Link, doors: &Doors, fields: &Fields) -> Shown {
    let asked = fields.get("step").unwrap_or_default();
    let Some(manifest) = manifest(doors, link, fields) else {
        return visit.choose(link, doors.0.engine.manifests());
    };
    let vendor = visit.vendor(manifest);
    if let LinkState::Completed = link.state {
        return match asked {
            "sources" if vendor.has_sources() => visit.sources(link, &vendor),
            _ => visit.done(link, &vendor),
        };
    }
    match asked {
        "records" => visit.records(link, &vendor, false),
        "credentials" if fields.get("agree") == Some("yes") => credentials(visit, link, &vendor, fields, None),
        "credentials" => visit.records(link, &vendor, true),
        _ => visit.guide(link, &vendor),
    }
}

/// The vendor of the link, or the one that was chosen.
fn manifest(doors: &Doors, link: &Link, fields: &Fields) -> Option<&'static Manifest> {
    let slug = link.row.connector.as_deref().or_else(|| fields.get("connector"))?;
    doors.0.engine.manifest(slug)
}

/// Why the form is shown again.
struct Refused<'a> {
    tests: &'a [Check],
    refusals: &'a [Refusal],
}

fn credentials(visit: &Visit, link: &Link, vendor: &Vendor, fields: &Fields, refused: Option<Refused<'_>>) -> Shown {
    let refusals = refused.as_ref().map(|refused| refused.refusals).unwrap_or_default();
    let of_field = |key: &str| {
        let about = |refusal: &&Refusal| refusal.field.iter().map(String::as_str).eq(["input", "credentials", key]);
        refusals.iter().find(about).map(|refusal| refusal.message.as_str())
    };
    let views = vendor
        .manifest
        .credentials
        .iter()
        .map(|field| vendor.field(field, fields.get(&format!("credentials.{}", field.key)), of_field(field.key)));
    let views: Vec<_> = views.collect();
    let (t, failed) = (visit.texts(), refused.is_some());
    let problem = refused.map(|refused| {
        let invalid = views.iter().any(|field| field.error.is_some());
        let secrets = vendor.manifest.credentials.iter().filter(|field| field.secret);
        let entered =
            |key: &str| fields.get(&format!("credentials.{key}")).is_some_and(|typed| !typed.trim().is_empty());
        Problem {
            lead: if invalid { visit.ours(t.check_input) } else { lead(visit, vendor, refused.refusals) },
            checks: refused.tests.iter().map(|check| vendor.check(check)).collect(),
            again: secrets.into_iter().any(|field| entered(field.key)),
        }
    });
    let title = match failed {
        true => format!("{}: {}", t.problem, t.credentials_title),
        false => t.credentials_title.to_owned(),
    };
    let page = Credentials {
        head: visit.head(link, Some(vendor), Step::Credentials),
        stamp: visit.stamp(),
        fields: views,
        guide: vendor.steps(),
        problem,
    };
    let status = if failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    visit.page(status, &title, &page)
}

/// What the tests, or the lack of them, mean.
fn lead(visit: &Visit, vendor: &Vendor, refusals: &[Refusal]) -> Said {
    let (t, name) = (visit.texts(), vendor.manifest.name);
    let Some(first) = refusals.first() else { return visit.ours(t.check_input) };
    let text = match first.code {
        ErrorCode::IntegrationCredentialsInvalid => t.refused,
        ErrorCode::IntegrationPermissionMissing => t.forbidden,
        ErrorCode::RemoteUnavailable => t.unreachable,
        ErrorCode::RemoteRateLimited => t.limited,
        _ => return vendor.say(&first.message),
    };
    visit.ours(&fill(text, &[name]))
}

async fn submit(
    State(doors): State<Doors>,
    token: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let engine = &doors.0.engine;
    let token = named(token);
    let visit = Visit::new(engine, token.clone(), &headers, &Fields::of(&[]));
    let t = visit.texts();
    let foreign = || visit.answer(&visit.message(StatusCode::FORBIDDEN, t.foreign_title, t.foreign, true));
    if form::is_foreign(&headers, engine.address()) {
        return foreign();
    }
    let fields = match to_bytes(body, LARGEST_FORM).await {
        Ok(body) => Fields::parse(&body),
        Err(broken) if super::is_too_large(&broken) => return guarded(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        Err(_) => return guarded(StatusCode::BAD_REQUEST.into_response()),
    };
    if !visit.sent(&fields) {
        return foreign();
    }
    let link = match engine.link(&token).await {
        Ok(link) => link,
        Err(failed) => return visit.answer(&broken(&visit, &failed)),
    };
    let link = match look(&visit, link) {
        Ok(link) => link,
        Err(shown) => return visit.answer(&shown),
    };
    let (LinkState::Open(_), Some(manifest)) = (&link.state, manifest(&doors, &link, &fields)) else {
        // A form that was sent twice: what it was to do is done.
        return visit.answer(&step(&visit, &link, &doors, &fields));
    };
    // Where the other language leads: to the form, without what was typed.
    let place = [("connector", manifest.slug), ("step", "credentials"), ("agree", "yes")];
    let visit = Visit::new(engine, token.clone(), &headers, &Fields::of(&place));
    let vendor = visit.vendor(manifest);
    if fields.get("agree") != Some("yes") {
        return visit.answer(&visit.records(&link, &vendor, true));
    }
    let given = Given { connector: manifest.slug.to_owned(), credentials: typed(manifest, &fields) };
    if !headers.get_all(header::ACCEPT).iter().any(|accepted| accepted == LIVE) {
        let ended = engine.attempt(token, given, Checks::default()).await;
        return visit.answer(&shown(&visit, link, &vendor, &fields, ended));
    }
    let (tell, heard) = mpsc::unbounded();
    // Nobody hears when the browser has left.
    let checks = Checks::told(move |check| drop(tell.unbounded_send(check.clone())));
    let attempt = engine.attempt(token, given, checks);
    let watching = visit.clone();
    let lines = heard.map(move |check| watching.line(&watching.vendor(manifest).check(&check)));
    let last = async move {
        let shown = shown(&visit, link, &visit.vendor(manifest), &fields, attempt.await);
        json!({ "title": shown.title, "main": shown.main })
    };
    let lines =
        lines.chain(stream::once(last)).map(|line| Ok::<_, std::convert::Infallible>(Bytes::from(format!("{line}\n"))));
    guarded(([(header::CONTENT_TYPE, LIVE)], Body::from_stream(lines)).into_response())
}

/// The fields that the vendor asks for, and no others.
fn typed(manifest: &Manifest, fields: &Fields) -> Value {
    let typed = manifest.credentials.iter().filter_map(|field| {
        Some((field.key.to_owned(), Value::from(fields.get(&format!("credentials.{}", field.key))?)))
    });
    Value::Object(typed.collect::<Map<_, _>>())
}

type Ended = Result<Result<Attempt, sync::Error>, tokio::task::JoinError>;

/// What came of an attempt, as a page.
fn shown(visit: &Visit, mut link: Link, vendor: &Vendor, fields: &Fields, ended: Ended) -> Shown {
    let t = visit.texts();
    match ended {
        Ok(Ok(Attempt::Connected { tests })) => visit.connected(&link, vendor, &tests),
        Ok(Ok(Attempt::Refused { tests, refusals })) => {
            credentials(visit, &link, vendor, fields, Some(Refused { tests: &tests, refusals: &refusals }))
        }
        Ok(Ok(Attempt::Completed)) => {
            link.state = LinkState::Completed;
            visit.done(&link, vendor)
        }
        Ok(Ok(Attempt::Busy)) => visit.message(StatusCode::CONFLICT, t.busy_title, t.busy, true),
        Ok(Ok(Attempt::Gone)) => visit.message(StatusCode::GONE, t.dead_title, t.dead, false),
        Ok(Err(failed)) => broken(visit, &failed),
        Err(failed) => {
            error!(%failed, "an attempt to connect did not end");
            visit.broken()
        }
    }
}

fn broken(visit: &Visit, error: &sync::Error) -> Shown {
    error!(%error, "the connect page failed");
    visit.broken()
}

/// The address holds a secret: no other site learns it, nobody keeps the page, no frame shows it.
fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
