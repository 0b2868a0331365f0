//! The connect page, as a browser without scripts meets it: links are made by the graph, forms are posted, and the
//! account is connected once.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hiregraph::domain::Scope;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::vendors::Size;
use crate::support::{Answer, Backend, TestApp, code, rows};

on_both!(
    both_vendors_are_connected_step_by_step,
    wrong_credentials_keep_what_was_typed_but_no_secret,
    input_at_fault_is_named_at_its_field,
    a_permission_that_is_missing_is_told_with_what_to_do,
    an_account_whose_credentials_are_refused_is_connected_again,
    a_form_that_is_sent_twice_connects_once,
    a_link_ends,
    a_link_dies_with_the_key_that_it_was_made_with,
    forms_from_elsewhere_are_refused,
    tests_are_told_as_they_end,
    the_page_speaks_german,
    links_are_made_within_what_their_maker_may_do,
    what_is_shown_is_escaped_and_comes_from_here,
    links_are_forgotten_with_what_they_connected,
);

const SMALL: Size = Size { candidates: 12, jobs: 3 };
const MAKE: &str = "mutation($i: CreateConnectLinkInput!) { createConnectLink(input: $i) { url expiresAt userErrors { code field message } } }";

async fn make(app: &TestApp, key: &str, input: Value) -> Value {
    let mut answer = app.ask(key, MAKE, json!({ "i": input })).await;
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"]["createConnectLink"].take()
}

/// The path of a new link.
async fn link(app: &TestApp, input: Value) -> String {
    link_of(app, &app.admin, input).await
}

async fn link_of(app: &TestApp, key: &str, mut input: Value) -> String {
    if input.get("endUser").is_none() {
        input["endUser"] = json!({ "organizationName": "Acme", "email": "it@acme.example", "originId": "42" });
    }
    let made = make(app, key, input).await;
    assert_eq!(made["userErrors"], json!([]), "{made:#}");
    let url = made["url"].as_str().unwrap();
    let path = url.strip_prefix(crate::support::PUBLIC_URL).unwrap();
    assert!(path.strip_prefix("/connect/").unwrap().len() >= 26, "at least 128 bits: {path}");
    path.to_owned()
}

/// Keeps cookies and says where it comes from, as browsers do.
struct Browser<'a> {
    app: &'a TestApp,
    cookies: BTreeMap<String, String>,
    language: &'static str,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: BTreeMap::new(), language: "en" }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    async fn post(&mut self, path: &str, fields: &[(String, String)]) -> Answer {
        let request = Request::post(path).header("sec-fetch-site", "same-origin").header("origin", "null");
        self.send(request, encoded(fields)).await
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("accept-language", self.language).header("cookie", cookies.join("; "));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = self.app.send(request.body(Body::from(body)).unwrap()).await;
        for set in answer.headers.get_all("set-cookie") {
            let set = set.to_str().unwrap();
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Secure"), "{set}");
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        guarded(&answer);
        answer
    }

    /// The form of the credentials of a link, with what is hidden in it.
    async fn form(&mut self, path: &str, connector: &str) -> Vec<(String, String)> {
        let page = self.get(&format!("{path}?connector={connector}&step=credentials&agree=yes")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        hidden(&page.text)
    }

    /// Fills the form in with these credentials and sends it.
    async fn enter(&mut self, path: &str, connector: &str, credentials: &Value) -> Answer {
        let mut fields = self.form(path, connector).await;
        fields.extend(typed(credentials));
        self.post(path, &fields).await
    }
}

fn typed(credentials: &Value) -> Vec<(String, String)> {
    let all = credentials.as_object().unwrap().iter();
    all.map(|(key, value)| (format!("credentials.{key}"), value.as_str().unwrap().to_owned())).collect()
}

fn encoded(fields: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn guarded(answer: &Answer) {
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    for part in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
}

/// The elements of a page of this name, each up to its end.
fn elements<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    html.split(&format!("<{name} ")).skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = element.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

fn hidden(html: &str) -> Vec<(String, String)> {
    let inputs = elements(html, "input").into_iter().filter(|input| attribute(input, "type") == Some("hidden"));
    let text = |input: &str, name| attribute(input, name).unwrap().to_owned();
    inputs.map(|input| (text(input, "name"), text(input, "value"))).collect()
}

fn input<'a>(html: &'a str, name: &str) -> &'a str {
    let all = elements(html, "input").into_iter();
    all.into_iter().find(|input| attribute(input, "name") == Some(name)).unwrap_or_else(|| panic!("{name} in {html}"))
}

async fn integrations(app: &TestApp) -> Vec<Value> {
    let query =
        "{ integrations { nodes { id state connector { slug } endUser { organizationName email originId } } } }";
    rows(&app.query(query).await["integrations"]["nodes"]).to_vec()
}

async fn hears(app: &TestApp) -> String {
    let query = "mutation { createWebhookEndpoint(input: {url: \"https://localhost:1/\", \
                 events: [INTEGRATION_CREATED, INTEGRATION_STATE_CHANGED, CONNECT_FAILED]}) { endpoint { id } } }";
    app.query(query).await["createWebhookEndpoint"]["endpoint"]["id"].as_str().unwrap().to_owned()
}

/// What an endpoint was told, the oldest first.
async fn told(app: &TestApp, endpoint: &str) -> Vec<Value> {
    app.service.webhooks.begin_due().await.unwrap();
    app.service.webhooks.settle().await;
    let query =
        "query($id: ID!) { node(id: $id) { ... on WebhookEndpoint { deliveries(first: 100) { nodes { payload } } } } }";
    let found = app.query_with(query, json!({ "id": endpoint })).await;
    let mut all: Vec<_> =
        rows(&found["node"]["deliveries"]["nodes"]).iter().map(|row| row["payload"].clone()).collect();
    all.reverse();
    all
}

async fn both_vendors_are_connected_step_by_step(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let hook = hears(&app).await;
    for (connector, name, fixed) in [("traffit", "TRAFFIT", false), ("hrworks", "HR WORKS", true)] {
        let mut input = json!({ "redirectUrl": "https://app.example/settings?tab=ats" });
        if fixed {
            input["connector"] = json!(connector);
        }
        let path = link(&app, input).await;
        let mut browser = Browser::new(&app);
        let first = browser.get(&path).await;
        assert_eq!((first.status.as_u16(), first.text.contains("For Acme")), (200, true), "{}", first.text);
        assert_eq!(first.text.contains("Which recruiting system do you use?"), !fixed, "{}", first.text);
        let guide = browser.get(&format!("{path}?connector={connector}&step=guide")).await.text;
        assert!(guide.contains(&format!("<h1>Connect {name}</h1>")), "{guide}");
        assert!(guide.contains("What you need") && guide.contains("<strong>"), "{guide}");
        // Never past what has to be agreed to.
        let records = browser.get(&format!("{path}?connector={connector}&step=records")).await;
        assert!(records.text.contains("<strong>Candidates</strong>") && records.text.contains("Create candidates"));
        let missing = browser.get(&format!("{path}?connector={connector}&step=credentials")).await;
        assert_eq!(missing.status, 422);
        assert!(missing.text.contains("aria-invalid=\"true\" aria-describedby=\"agree-error\""), "{}", missing.text);
        let form = browser.form(&path, connector).await;
        let mut fields: Vec<_> = form.into_iter().filter(|(name, _)| name != "agree").collect();
        fields.extend(typed(&app.vendors.credentials(connector)));
        assert_eq!(browser.post(&path, &fields).await.status, 422, "nobody agreed");

        let done = browser.enter(&path, connector, &app.vendors.credentials(connector)).await;
        assert_eq!(done.status, 200, "{}", done.text);
        assert!(done.text.contains(&format!(">{name} is connected</h1>")), "{}", done.text);
        assert!(done.text.contains("All tests passed.") && !done.text.contains("class=\"failed\""), "{}", done.text);
        let sources = done.text.contains(&format!("{path}?step=sources"));
        assert_eq!(sources, connector == "hrworks", "{}", done.text);
        if sources {
            let page = browser.get(&format!("{path}?step=sources")).await.text;
            assert!(page.contains("How did you hear about us?"), "{page}");
        }
        // What was completed shows its end, whatever is asked of it, and leads back by a link.
        for step in ["", "?step=done", "?step=credentials&agree=yes", "?connector=traffit&step=guide"] {
            let page = browser.get(&format!("{path}{step}")).await.text;
            assert!(page.contains("cannot connect anything else"), "{step}: {page}");
            assert!(
                page.contains("<a class=\"button\" href=\"https://app.example/settings?tab=ats\">Back to app.example")
            );
            assert!(!page.contains("<form"), "{page}");
        }
    }
    app.settle().await;
    let made = integrations(&app).await;
    assert_eq!(made.len(), 2);
    for integration in &made {
        let end_user = json!({ "organizationName": "Acme", "email": "it@acme.example", "originId": "42" });
        assert_eq!((&integration["state"], &integration["endUser"]), (&json!("ACTIVE"), &end_user));
    }
    let events = told(&app, &hook).await;
    let created: Vec<_> = events.iter().filter(|event| event["type"] == "INTEGRATION_CREATED").collect();
    assert_eq!(created.len(), 2, "{events:#?}");
    assert!(!events.iter().any(|event| event["type"] == "CONNECT_FAILED"), "{events:#?}");
}

async fn wrong_credentials_keep_what_was_typed_but_no_secret(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let hook = hears(&app).await;
    for (connector, open, secret, words) in [
        ("traffit", "clientId", "clientSecret", "TRAFFIT refuses the client id or the client secret"),
        ("hrworks", "accessKey", "secretAccessKey", "HR WORKS refuses the key pair"),
    ] {
        let path = link(&app, json!({ "connector": connector })).await;
        let mut browser = Browser::new(&app);
        let mut credentials = app.vendors.credentials(connector);
        let right = credentials[secret].clone();
        credentials[secret] = json!("quite-wrong-and-secret");
        let refused = browser.enter(&path, connector, &credentials).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains(words) && refused.text.contains("What to do:"), "{}", refused.text);
        assert!(refused.text.contains("class=\"problem\" role=\"alert\" tabindex=\"-1\" autofocus"));
        assert!(!refused.text.contains("quite-wrong-and-secret"), "{}", refused.text);
        let kept = input(&refused.text, &format!("credentials.{open}"));
        assert_eq!(attribute(kept, "value"), credentials[open].as_str(), "{kept}");
        let emptied = input(&refused.text, &format!("credentials.{secret}"));
        assert_eq!((attribute(emptied, "value"), attribute(emptied, "type")), (Some(""), Some("password")));
        // The same page, corrected.
        credentials[secret] = right;
        let mut fields = hidden(&refused.text);
        fields.extend(typed(&credentials));
        assert_eq!(browser.post(&path, &fields).await.status, 200);
    }
    assert_eq!(integrations(&app).await.len(), 2);
    let events = told(&app, &hook).await;
    let failed: Vec<_> =
        events.iter().filter(|event| event["type"] == "CONNECT_FAILED").map(|event| &event["data"]).collect();
    let expected =
        |connector| json!({ "connector": connector, "originId": "42", "errors": ["INTEGRATION_CREDENTIALS_INVALID"] });
    assert_eq!(failed, [&expected("traffit"), &expected("hrworks")]);
}

async fn input_at_fault_is_named_at_its_field(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let path = link(&app, json!({ "connector": "traffit" })).await;
    let mut browser = Browser::new(&app);
    let given = json!({ "subdomain": "https://acme.traffit.com", "clientId": "", "clientSecret": "hush-hush" });
    let refused = browser.enter(&path, "traffit", &given).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("<title>There is a problem: "), "{}", refused.text);
    for (key, words) in [("subdomain", "must be only the first part"), ("clientId", "must be filled in")] {
        let field = input(&refused.text, &format!("credentials.{key}"));
        assert_eq!(attribute(field, "aria-invalid"), Some("true"), "{field}");
        let described = attribute(field, "aria-describedby").unwrap();
        assert_eq!(described, format!("error.{key} help.{key}"));
        for id in described.split(' ') {
            assert!(refused.text.contains(&format!("id=\"{id}\"")), "{id}");
        }
        assert!(refused.text.contains(&format!("<a href=\"#credentials.{key}\">")) && refused.text.contains(words));
    }
    assert_eq!(attribute(input(&refused.text, "credentials.clientSecret"), "aria-invalid"), None);
    assert!(!refused.text.contains("hush-hush"));
    assert_eq!(app.vendors.traffit.count("", "/"), 0, "no vendor was asked");
    // A vendor that fails is no proof against the credentials.
    app.vendors.faults("traffit", &["error-rate=1@/oauth2/", "retry-after-seconds=3600@/oauth2/"]);
    let failing = browser.enter(&path, "traffit", &app.vendors.credentials("traffit")).await;
    assert!(failing.text.contains("does not mean that the credentials are wrong"), "{}", failing.text);
    app.vendors.faults("traffit", &[]);
    assert_eq!(browser.enter(&path, "traffit", &app.vendors.credentials("traffit")).await.status, 200);
    // A choice is a choice, and what is usual is chosen.
    let path = link(&app, json!({ "connector": "hrworks" })).await;
    let page = browser.get(&format!("{path}?step=credentials&agree=yes")).await.text;
    assert!(
        page.contains("<select id=\"credentials.environment\"")
            && page.contains("<option value=\"production\" selected>")
    );
}

async fn a_permission_that_is_missing_is_told_with_what_to_do(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    app.vendors.traffit.edit(|account| account.set_scopes(&["employee", "workflow", "user"]));
    let path = link(&app, json!({ "connector": "traffit" })).await;
    let connected = Browser::new(&app).enter(&path, "traffit", &app.vendors.credentials("traffit")).await;
    assert_eq!(connected.status, 200, "{}", connected.text);
    assert!(connected.text.contains("tests failed"), "{}", connected.text);
    assert!(connected.text.contains("tick recruitment and save"), "{}", connected.text);
    let id = integrations(&app).await[0]["id"].clone();
    let query = "query($id: ID!) { integration(id: $id) { models { model readable } } }";
    let models = app.query_with(query, json!({ "id": id })).await["integration"]["models"].take();
    assert!(rows(&models).iter().any(|row| row["model"] == "JOB" && row["readable"] == false), "{models:#}");
}

async fn an_account_whose_credentials_are_refused_is_connected_again(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let id = app.connected("traffit").await;
    let candidates = app.total("candidates", &id).await;
    app.vendors.faults("traffit", &["revoked-credentials"]);
    for _ in 0..2 {
        app.clock.advance(Duration::from_secs(80 * 3600));
        app.sync(&id).await;
    }
    app.vendors.faults("traffit", &[]);
    app.vendors.traffit.edit(|account| account.set_client_secret("another"));
    assert_eq!(integrations(&app).await[0]["state"], "INVALID");
    let hook = hears(&app).await;
    let some = app.key(&[Scope::Operate], Some(&[&id])).await;
    let path = link_of(&app, &some, json!({ "integrationId": id, "endUser": { "organizationName": "Globex" } })).await;
    let mut browser = Browser::new(&app);
    let guide = browser.get(&path).await.text;
    assert!(guide.contains("Connect TRAFFIT again") && guide.contains("For Globex"), "{guide}");
    // Its vendor is that of the account, and nothing of the old credentials is shown or used.
    let form = browser.get(&format!("{path}?connector=hrworks&step=credentials&agree=yes")).await.text;
    assert_eq!(attribute(input(&form, "credentials.subdomain"), "value"), Some(""));
    let mut credentials = app.vendors.credentials("traffit");
    let refused = browser.enter(&path, "traffit", &credentials).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    credentials["clientSecret"] = json!("");
    assert!(browser.enter(&path, "traffit", &credentials).await.text.contains("must be filled in"), "not the old one");
    credentials["clientSecret"] = json!("another");
    let connected = browser.enter(&path, "traffit", &credentials).await;
    assert_eq!(connected.status, 200, "{}", connected.text);
    assert!(browser.get(&path).await.text.contains("reading goes on where it stopped"));
    app.settle().await;
    let now = integrations(&app).await;
    assert_eq!((now.len(), &now[0]["state"], &now[0]["id"]), (1, &json!("ACTIVE"), &json!(id)));
    assert_eq!(now[0]["endUser"]["organizationName"], "Acme traffit", "its end user stays");
    assert_eq!(app.total("candidates", &id).await, candidates);
    let events: Vec<_> = told(&app, &hook)
        .await
        .into_iter()
        .map(|event| (event["type"].clone(), event["integrationId"].clone()))
        .collect();
    assert_eq!(
        events,
        [(json!("CONNECT_FAILED"), json!(id)), (json!("INTEGRATION_STATE_CHANGED"), json!(id))],
        "once refused, then good again"
    );
}

async fn a_form_that_is_sent_twice_connects_once(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let path = link(&app, json!({ "connector": "traffit" })).await;
    let mut browser = Browser::new(&app);
    let mut fields = browser.form(&path, "traffit").await;
    fields.extend(typed(&app.vendors.credentials("traffit")));
    let again = || Browser { app: &app, cookies: browser.cookies.clone(), language: "en" };
    let (mut one, mut two) = (again(), again());
    let (one, two) = tokio::join!(one.post(&path, &fields), two.post(&path, &fields));
    for answer in [&one, &two] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.text.contains("TRAFFIT is connected</h1>"), "{}", answer.text);
    }
    // A browser that does not wait for the answer, and comes again.
    let late = again().post(&path, &fields).await;
    assert!(late.status == 200 && late.text.contains("cannot connect anything else"), "{}", late.text);
    assert_eq!(integrations(&app).await.len(), 1);
    let path = link(&app, json!({ "connector": "traffit" })).await;
    let mut fields = browser.form(&path, "traffit").await;
    fields.extend(typed(&app.vendors.credentials("traffit")));
    let gate = app.vendors.gate("traffit");
    gate.hold("/oauth2/token", 1);
    {
        let left = browser.post(&path, &fields);
        tokio::select! {
            _ = left => panic!("the vendor has not answered yet"),
            () = gate.held() => {}
        }
    }
    gate.open();
    let came_back = browser.post(&path, &fields).await;
    assert!(came_back.text.contains("TRAFFIT is connected</h1>"), "{}", came_back.text);
    assert_eq!(integrations(&app).await.len(), 2, "one each link");
}

async fn a_link_ends(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let mut browser = Browser::new(&app);
    for unknown in ["/connect/x", "/connect/%20%22%3E", &format!("/connect/{}", "a".repeat(52))] {
        let answer = browser.get(unknown).await;
        assert_eq!(answer.status, 404, "{unknown}");
        assert!(answer.text.contains("<h1>This link is not known</h1>"), "{}", answer.text);
    }
    let path = link(&app, json!({ "connector": "traffit", "expiresIn": "PT5M" })).await;
    let mut fields = browser.form(&path, "traffit").await;
    fields.extend(typed(&app.vendors.credentials("traffit")));
    // Of one link only.
    let other = link(&app, json!({ "connector": "traffit" })).await;
    assert_eq!(browser.post(&other, &fields).await.status, 403);
    app.clock.advance(Duration::from_secs(300));
    for answer in [browser.get(&path).await, browser.post(&path, &fields).await] {
        assert_eq!(answer.status, 410);
        assert!(answer.text.contains("<h1>This link has expired</h1>"), "{}", answer.text);
    }
    assert_eq!(integrations(&app).await.len(), 0);
    assert_eq!(browser.enter(&other, "traffit", &app.vendors.credentials("traffit")).await.status, 200);
    // Completed, it changes nothing any more.
    let again = browser.post(&other, &fields).await;
    assert_eq!(again.status, 403, "a form of another link");
    app.clock.advance(Duration::from_secs(3600));
    assert_eq!(browser.get(&other).await.status, 410, "nor does it last longer");
    assert_eq!(integrations(&app).await.len(), 1);
}

async fn a_link_dies_with_the_key_that_it_was_made_with(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let make = "mutation($e: Duration) { createApiKey(input: {name: \"k\", scopes: [OPERATE], expiresIn: $e}) { secret apiKey { id } } }";
    let short = app.query_with(make, json!({ "e": "PT30M" })).await["createApiKey"].take();
    let made = super::connect::make(
        &app,
        short["secret"].as_str().unwrap(),
        json!({ "endUser": { "organizationName": "Acme" }, "expiresIn": "PT1H" }),
    )
    .await;
    assert_eq!(made["expiresAt"], "2026-06-01T10:30:00.000Z", "no longer than its key");
    let key = app.query_with(make, json!({})).await["createApiKey"].take();
    let path = link_of(&app, key["secret"].as_str().unwrap(), json!({ "connector": "traffit" })).await;
    let mut browser = Browser::new(&app);
    let mut fields = browser.form(&path, "traffit").await;
    fields.extend(typed(&app.vendors.credentials("traffit")));
    let revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { userErrors { code } } }";
    app.query_with(revoke, json!({ "id": key["apiKey"]["id"] })).await;
    for answer in [browser.get(&path).await, browser.post(&path, &fields).await] {
        assert_eq!(answer.status, 410);
        assert!(answer.text.contains("<h1>This link is no longer valid</h1>"), "{}", answer.text);
    }
    assert_eq!(integrations(&app).await.len(), 0);
}

async fn forms_from_elsewhere_are_refused(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let path = link(&app, json!({ "connector": "traffit" })).await;
    let mut browser = Browser::new(&app);
    let mut fields = browser.form(&path, "traffit").await;
    fields.extend(typed(&app.vendors.credentials("traffit")));
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "https://hooks.hiregraph.test.evil.example"),
    ] {
        let refused = browser.send(Request::post(&path).header(name, value), encoded(&fields)).await;
        assert_eq!(refused.status, 403, "{name}: {value}");
        assert!(refused.text.contains("could not be accepted"), "{}", refused.text);
    }
    // Another browser has another cookie, or none.
    let mut stranger = Browser::new(&app);
    assert_eq!(stranger.post(&path, &fields).await.status, 403);
    stranger.get(&path).await;
    assert_eq!(stranger.post(&path, &fields).await.status, 403);
    // A value of somebody else's choice is none of ours, or no use without the form that goes with it.
    for value in ["fixed", &"a".repeat(52)] {
        let mut fixed = Browser::new(&app);
        fixed.cookies.insert("__Host-connect".to_owned(), value.to_owned());
        assert_eq!(fixed.post(&path, &fields).await.status, 403);
    }
    let without: Vec<_> = fields.iter().filter(|(name, _)| name != "form").cloned().collect();
    assert_eq!(browser.post(&path, &without).await.status, 403);
    assert_eq!(integrations(&app).await.len(), 0);
    let large = "x".repeat(70_000);
    assert_eq!(browser.post(&path, &[("form".to_owned(), large)]).await.status, 413);
    assert_eq!(browser.post(&path, &fields).await.status, 200, "the same from here");
}

async fn tests_are_told_as_they_end(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for (connector, secret) in [("traffit", "clientSecret"), ("hrworks", "secretAccessKey")] {
        let path = link(&app, json!({ "connector": connector })).await;
        let mut browser = Browser::new(&app);
        let mut fields = browser.form(&path, connector).await;
        fields.extend(typed(&app.vendors.credentials(connector)));
        let request =
            || Request::post(&path).header("accept", "application/x-ndjson").header("sec-fetch-site", "same-origin");
        let mut wrong = fields.clone();
        let secret = format!("credentials.{secret}");
        wrong.iter_mut().filter(|(name, _)| *name == secret).for_each(|(_, value)| *value = "wrong".to_owned());
        let refused = browser.send(request(), encoded(&wrong)).await;
        assert_eq!(refused.headers["content-type"], "application/x-ndjson");
        let lines: Vec<Value> = refused.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0]["check"].as_str().unwrap().contains("class=\"failed\""), "{lines:#?}");
        assert!(lines[1]["main"].as_str().unwrap().contains("class=\"problem\""), "{lines:#?}");
        let answer = browser.send(request(), encoded(&fields)).await;
        let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (last, checks) = lines.split_last().unwrap();
        assert!(checks.len() >= 10, "{lines:#?}");
        for check in checks {
            let check = check["check"].as_str().unwrap();
            assert!(check.contains("<li class=\"passed\">"), "{check}");
            assert!(last["main"].as_str().unwrap().contains(check.trim()), "{check}");
        }
        assert!(last["title"].as_str().unwrap().ends_with("is connected"), "{last:#}");
    }
    assert_eq!(integrations(&app).await.len(), 2);
}

async fn the_page_speaks_german(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    for (connector, name, secret) in
        [("traffit", "TRAFFIT", "clientSecret"), ("hrworks", "HR WORKS", "secretAccessKey")]
    {
        let path = link(&app, json!({})).await;
        let mut browser = Browser { language: "de-AT,de;q=0.9,en;q=0.8", ..Browser::new(&app) };
        let first = browser.get(&path).await;
        assert!(
            first.text.contains("<html lang=\"de\">") && first.text.contains("Welches Bewerbungssystem"),
            "{}",
            first.text
        );
        // What was chosen stays, whatever the browser prefers.
        let english = browser.get(&format!("{path}?lang=en")).await.text;
        assert!(english.contains("<html lang=\"en\">"));
        browser.get(&format!("{path}?lang=de")).await;
        browser.language = "en";
        let guide = browser.get(&format!("{path}?connector={connector}&step=guide")).await.text;
        assert!(
            guide.contains(&format!("<h1>{name} verbinden</h1>")) && guide.contains("Melden Sie sich bei"),
            "{guide}"
        );
        assert!(guide.contains(&format!("{path}?connector={connector}&#38;step=guide&#38;lang=en")), "{guide}");
        let records = browser.get(&format!("{path}?connector={connector}&step=records")).await.text;
        assert!(
            records.contains("<strong>Bewerbungen</strong>") && records.contains("Kandidaten anlegen"),
            "{records}"
        );
        let mut credentials = app.vendors.credentials(connector);
        let right = credentials[secret].clone();
        credentials[secret] = json!("wrong");
        let refused = browser.enter(&path, connector, &credentials).await.text;
        assert!(
            refused.contains("nimmt diese Zugangsdaten nicht an") && refused.contains("Was zu tun ist:"),
            "{refused}"
        );
        assert!(all_german(&refused), "{refused}");
        credentials[secret] = right;
        app.vendors.traffit.edit(|account| account.set_scopes(&["webhook"]));
        for permission in ["Applicant Management:read", "Persons:read", "General:read"] {
            app.vendors.hrworks.edit(|account| account.take_permission(permission));
        }
        let connected = browser.enter(&path, connector, &credentials).await.text;
        assert!(
            connected.contains(&format!("{name} ist verbunden")) && connected.contains("nicht bestanden"),
            "{connected}"
        );
        assert!(all_german(&connected), "{connected}");
        let done = browser.get(&path).await.text;
        assert!(done.contains("Dieser Link ist benutzt"), "{done}");
    }
}

/// Whether nothing but the switch to the other language is English.
fn all_german(html: &str) -> bool {
    html.matches("lang=\"en\"").count() == html.matches("hreflang=\"en\"").count() * 2
}

async fn links_are_made_within_what_their_maker_may_do(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let [traffit, hrworks] = app.connected_to_both().await;
    let end_user = json!({ "organizationName": "Acme" });
    let some = app.key(&[Scope::Operate], Some(&[&traffit])).await;
    let new = app.ask(&some, MAKE, json!({ "i": { "endUser": end_user } })).await;
    assert_eq!(code(&new), "FORBIDDEN", "{new:#}");
    assert_eq!(
        make(&app, &some, json!({ "endUser": end_user, "integrationId": traffit })).await["userErrors"],
        json!([])
    );
    let foreign = make(&app, &some, json!({ "endUser": end_user, "integrationId": hrworks })).await;
    assert_eq!(foreign["userErrors"][0]["code"], "NOT_FOUND", "{foreign:#}");
    let whole = make(&app, &app.admin, json!({ "endUser": end_user, "connector": "traffit" })).await;
    assert_eq!(whole["expiresAt"], "2026-06-01T11:01:00.000Z", "an hour, unless said otherwise");
    for (wrong, at, code) in [
        (json!({ "connector": "nobody" }), "connector", "INPUT_INVALID"),
        (json!({ "integrationId": "int_none" }), "integrationId", "NOT_FOUND"),
        (json!({ "integrationId": hrworks, "connector": "traffit" }), "connector", "INPUT_INVALID"),
        (json!({ "expiresIn": "PT4M59S" }), "expiresIn", "INPUT_INVALID"),
        (json!({ "expiresIn": "P7DT1S" }), "expiresIn", "INPUT_INVALID"),
        (json!({ "expiresIn": "soon" }), "expiresIn", "INPUT_INVALID"),
        (json!({ "redirectUrl": "http://app.example/" }), "redirectUrl", "INPUT_INVALID"),
        (json!({ "redirectUrl": "javascript:alert(1)" }), "redirectUrl", "INPUT_INVALID"),
        (json!({ "endUser": { "organizationName": " " } }), "endUser", "INPUT_INVALID"),
    ] {
        let mut input = json!({ "endUser": end_user });
        input.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let refused = make(&app, &app.admin, input).await;
        let error = &refused["userErrors"][0];
        assert_eq!((&error["code"], &error["field"][1]), (&json!(code), &json!(at)), "{wrong}: {refused:#}");
        assert!(refused["url"].is_null() && refused["expiresAt"].is_null(), "{refused:#}");
    }
    for good in [
        json!({ "expiresIn": "PT5M" }),
        json!({ "expiresIn": "P7D" }),
        json!({ "redirectUrl": "http://localhost:3000/" }),
    ] {
        link(&app, good).await;
    }
}

async fn what_is_shown_is_escaped_and_comes_from_here(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let name = "<script>alert(1)</script> \"&' GmbH";
    let path = link(&app, json!({ "endUser": { "organizationName": name } })).await;
    let mut browser = Browser::new(&app);
    for step in [
        "",
        "?connector=traffit&step=guide",
        "?connector=hrworks&step=records",
        "?connector=%22%3E%3Cb%3E&step=%22%3E&lang=%22",
    ] {
        let page = browser.get(&format!("{path}{step}")).await.text;
        assert!(!page.contains("<script>") && !page.contains("<b>"), "{page}");
        assert!(page.contains("GmbH"), "{page}");
        assert!(!page.contains("style=\"") && !page.contains(" onclick") && !page.contains("<style"), "{page}");
        let scripts = elements(&page, "script").into_iter().map(|element| attribute(element, "src"));
        let styles = elements(&page, "link").into_iter().map(|element| attribute(element, "href"));
        for file in scripts.chain(styles) {
            let file = file.unwrap_or_else(|| panic!("{page}"));
            assert!(file.starts_with("/assets/connect/"), "{file}");
            let answer = app.get(file).await;
            assert_eq!(answer.status, 200, "{file}");
            assert_eq!(answer.headers["cache-control"], "public, max-age=31536000, immutable");
        }
    }
    for absent in ["/assets/connect/page.css", "/assets/connect/page.0000000000000000.css", "/assets/connect/..%2Fx"] {
        assert_eq!(app.get(absent).await.status, 404, "{absent}");
    }
    let given = json!({ "subdomain": "\"><img src=x>", "clientId": "\"><img src=x>", "clientSecret": "x" });
    let refused = browser.enter(&path, "traffit", &given).await.text;
    assert!(!refused.contains("<img"), "{refused}");
}

async fn links_are_forgotten_with_what_they_connected(backend: Backend) {
    let app = TestApp::start_with(backend, SMALL).await;
    let path = link(&app, json!({ "connector": "traffit" })).await;
    let left = link(&app, json!({ "expiresIn": "PT5M" })).await;
    let mut browser = Browser::new(&app);
    browser.enter(&path, "traffit", &app.vendors.credentials("traffit")).await;
    let id = integrations(&app).await[0]["id"].clone();
    let erase = "mutation($id: ID!) { deleteIntegration(id: $id) { userErrors { code } } }";
    app.query_with(erase, json!({ "id": id })).await;
    assert_eq!(browser.get(&path).await.status, 404, "who it was for is erased with it");
    app.clock.advance(Duration::from_secs(600));
    assert_eq!(browser.get(&left).await.status, 410);
    app.clock.advance(Duration::from_secs(31 * 24 * 3600));
    app.service.purge().await.unwrap();
    assert_eq!(browser.get(&left).await.status, 404);
}
