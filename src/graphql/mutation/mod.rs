//! The root of all writing. Thin: a resolver asks for its scope, calls an entry point and hands refusals on as
//! data.

mod access_token;
mod api_key;
mod connect_link;
mod custom_field;
mod erasure;
mod integration;
mod passthrough;
mod refresh;
mod sync;
mod webhook;
mod write;

use async_graphql::{Context, ID, MergedObject, SimpleObject};
use uuid::Uuid;

use crate::domain::{self, NodeId, NodeType, Refusal};
use crate::graphql::vocabulary::ErrorCode;

#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(
    integration::Integrations,
    sync::Syncs,
    custom_field::CustomFields,
    api_key::ApiKeys,
    access_token::AccessTokens,
    write::Writes,
    passthrough::Passthroughs,
    webhook::Webhooks,
    refresh::Refreshes,
    connect_link::ConnectLinks,
    erasure::Erasures,
);

/// An expected failure. `field` is the path of the input at fault, `vendorMessage` the vendor's own words.
#[derive(SimpleObject)]
pub struct UserError {
    code: ErrorCode,
    message: String,
    field: Option<Vec<String>>,
    vendor_message: Option<String>,
    retryable: bool,
}

impl From<Refusal> for UserError {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: refusal.code.into(),
            retryable: refusal.code.is_retryable(),
            message: refusal.message,
            field: (!refusal.field.is_empty()).then_some(refusal.field),
            vendor_message: refusal.vendor_message,
        }
    }
}

fn errors(refusals: Vec<Refusal>) -> Vec<UserError> {
    refusals.into_iter().map(Into::into).collect()
}

/// An id that is none of an integration is one that nobody sees: nobody has the nil id.
fn integration_id(id: &ID) -> Uuid {
    NodeId::parse_as(NodeType::Integration, id).unwrap_or_default()
}

/// The integration as it is after a mutation.
async fn integration(
    ctx: &Context<'_>,
    id: Uuid,
) -> async_graphql::Result<Option<crate::graphql::integration::Integration>> {
    let scoped = crate::graphql::reads::scoped(ctx)?;
    // One that was just made is not yet among those that the request began with.
    let row = scoped.operate()?.integration(id).await?;
    Ok(row.map(|row| crate::graphql::integration::Integration::new(row.into())))
}

/// A duration or date that cannot be read is refused as the input that it is.
fn readable<T>(refusals: &mut Vec<Refusal>, field: &[&str], given: Option<Option<T>>, expected: &str) -> Option<T> {
    match given {
        Some(None) => {
            refusals.push(Refusal::new(domain::ErrorCode::InputInvalid, format!("must be {expected}")).at(field));
            None
        }
        Some(value) => value,
        None => None,
    }
}
