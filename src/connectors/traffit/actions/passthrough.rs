//! Requests of the caller's own, below the root of the integration API.

use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};

use crate::connectors::action::Passthrough;
use crate::connectors::connector::Account;
use crate::connectors::error::Error;
use crate::connectors::traffit::client::BASE;
use crate::connectors::vendor_http::{Answer, Call};

/// TRAFFIT minds the slash at the end (§1.7), so it stays as the caller has it.
pub async fn passthrough(account: &Account, request: Passthrough) -> Result<Answer, Error> {
    let mut headers = request.headers;
    for name in [CONTENT_TYPE, ACCEPT] {
        headers.entry(name).or_insert(HeaderValue::from_static("application/json"));
    }
    let endpoint = ("the request passed through", BASE);
    let mut call = Call::of_caller(request.method, endpoint, request.path, request.trailing_slash).headers(&headers);
    for (name, value) in request.query {
        call = call.query(name, value);
    }
    account.http.exchange(call.bytes(request.body)).await
}
