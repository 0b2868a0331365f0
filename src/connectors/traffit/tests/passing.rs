//! Requests of the caller's own.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use super::simulated::tenant;
use crate::connectors::action::Passthrough;
use crate::connectors::connector::Connector;
use crate::connectors::error::ErrorKind;
use crate::connectors::traffit::Traffit;

fn request(method: Method, path: &[&str], trailing_slash: bool) -> Passthrough {
    Passthrough {
        method,
        path: path.iter().map(|segment| (*segment).to_owned()).collect(),
        trailing_slash,
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    }
}

#[tokio::test]
async fn any_request_below_the_root_is_passed_on_and_any_status_is_an_answer() {
    let tenant = tenant(10, 3, &[]).await;
    let pass = async |request| Traffit.passthrough(&tenant.account, request).await;
    let mut list = request(Method::GET, &["employees"], true);
    list.headers.insert("x-request-page-size", "2".parse().unwrap());
    list.query.push(("a b".into(), "ł&".into()));
    let answer = pass(list).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.rows().unwrap().len()), (200, 2));
    assert_eq!(answer.header("x-result-total-count"), Some("10"));
    let seen = tenant.simulator.requests().pop().unwrap();
    assert_eq!(seen.query.as_deref(), Some("a+b=%C5%82%26"));

    // Without the slash a GET is redirected, and a write hands the redirect back.
    assert_eq!(pass(request(Method::GET, &["employees"], false)).await.unwrap().status.as_u16(), 200);
    let body = Bytes::from_static(br#"{"name":"Ewa","lastname":"Z","email":"ewa@example.com"}"#);
    let moved = pass(Passthrough { body: body.clone(), ..request(Method::POST, &["employees"], false) }).await.unwrap();
    assert_eq!(moved.status.as_u16(), 301);
    let made = pass(Passthrough { body, ..request(Method::POST, &["employees"], true) }).await.unwrap();
    assert_eq!((made.status.as_u16(), made.json::<Value>().unwrap()["name"].as_str()), (201, Some("Ewa")));

    for (method, path, status) in [
        (Method::GET, &["employees", "99999"][..], 404),
        (Method::DELETE, &["employees", "1"], 405),
        (Method::GET, &["employees", "a/../b"], 404),
        (Method::GET, &["..%2f..%2foauth2"], 404),
    ] {
        assert_eq!(pass(request(method, path, false)).await.unwrap().status.as_u16(), status, "{path:?}");
    }
    for path in [&[".."][..], &["employees", "%2e%2e"], &[".\t."], &[""]] {
        assert_eq!(pass(request(Method::GET, path, false)).await.unwrap_err().kind, ErrorKind::Invalid, "{path:?}");
    }
    tenant.simulator.set_faults(vec!["error-rate=1".parse().unwrap()]);
    assert_eq!(pass(request(Method::GET, &["users"], true)).await.unwrap().status.as_u16(), 500);
}
