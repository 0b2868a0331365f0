//! Requests of the caller's own to a vendor.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::write::KeyValueInput;
use super::{UserError, errors, integration_id};
use crate::actions::{Actions, Body, Forward, Part};
use crate::graphql::reads::scoped;
use crate::graphql::scalar::Json;

#[derive(Default)]
pub struct Passthroughs;

#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

#[derive(InputObject)]
pub struct PassthroughInput {
    integration_id: ID,
    method: HttpMethod,
    /// Below the vendor's API root; never a full URL.
    path: String,
    query: Option<Vec<KeyValueInput>>,
    headers: Option<Vec<KeyValueInput>>,
    /// Exactly one of `json`, `base64` and `multipart`, or none.
    json: Option<Json>,
    base64: Option<String>,
    multipart: Option<Vec<MultipartPartInput>>,
}

#[derive(InputObject)]
pub struct MultipartPartInput {
    name: String,
    value: Option<String>,
    file_name: Option<String>,
    content_type: Option<String>,
    base64: Option<String>,
}

#[derive(SimpleObject)]
pub struct PassthroughPayload {
    response: Option<PassthroughResponse>,
    user_errors: Vec<UserError>,
}

#[derive(SimpleObject)]
pub struct PassthroughResponse {
    status: i32,
    headers: Vec<Header>,
    /// Set when the body is JSON.
    json: Option<Json>,
    /// Set otherwise.
    base64: Option<String>,
}

#[derive(SimpleObject)]
pub struct Header {
    name: String,
    value: String,
}

#[Object]
impl Passthroughs {
    /// Sends a request to the vendor with the account's token. Needs the scope `PASSTHROUGH`.
    async fn passthrough(&self, ctx: &Context<'_>, input: PassthroughInput) -> Result<PassthroughPayload> {
        let writer = scoped(ctx)?.passthrough()?;
        let pairs = |pairs: Option<Vec<KeyValueInput>>| {
            pairs.unwrap_or_default().into_iter().map(|pair| (pair.key, pair.value)).collect()
        };
        let bodies = [
            input.json.map(|json| Body::Json(json.0)),
            input.base64.map(Body::Base64),
            input.multipart.map(|parts| Body::Multipart(parts.into_iter().map(part).collect())),
        ];
        let forward = Forward {
            integration: integration_id(&input.integration_id),
            method: match input.method {
                HttpMethod::Get => http::Method::GET,
                HttpMethod::Post => http::Method::POST,
                HttpMethod::Put => http::Method::PUT,
                HttpMethod::Patch => http::Method::PATCH,
                HttpMethod::Delete => http::Method::DELETE,
            },
            path: input.path,
            query: pairs(input.query),
            headers: pairs(input.headers),
            bodies: bodies.into_iter().flatten().collect(),
        };
        Ok(match ctx.data::<Actions>()?.forward(&writer, forward).await? {
            Ok(answer) => {
                let headers = answer.headers.iter().filter(|(name, _)| *name != http::header::SET_COOKIE);
                let headers = headers.filter_map(|(name, value)| {
                    Some(Header { name: name.to_string(), value: value.to_str().ok()?.to_owned() })
                });
                let json = serde_json::from_slice(&answer.body).ok().map(Json);
                let plain = json.is_none() && !answer.body.is_empty();
                let response = PassthroughResponse {
                    status: i32::from(answer.status.as_u16()),
                    headers: headers.collect(),
                    json,
                    base64: plain.then(|| STANDARD.encode(&answer.body)),
                };
                PassthroughPayload { response: Some(response), user_errors: Vec::new() }
            }
            Err(refusals) => PassthroughPayload { response: None, user_errors: errors(refusals) },
        })
    }
}

fn part(input: MultipartPartInput) -> Part {
    let MultipartPartInput { name, value, file_name, content_type, base64 } = input;
    Part { name, value, file_name, content_type, base64 }
}
