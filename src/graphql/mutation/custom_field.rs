//! Fields that the operator defines over the vendor's own.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{UserError, errors, integration_id};
use crate::domain::{self, ErrorCode, Refusal};
use crate::graphql::integration::CustomField;
use crate::graphql::reads::scoped;
use crate::graphql::vocabulary::RecordType;
use crate::store::entity::custom_field;

#[derive(Default)]
pub struct CustomFields;

#[derive(InputObject)]
pub struct SetCustomFieldInput {
    integration_id: ID,
    model: RecordType,
    /// Letters, digits and underscores, beginning with a letter.
    key: String,
    /// RFC 6901 JSON Pointer into `remoteData`, as `customFieldSources` lists them. Null removes the field.
    source: Option<String>,
    label: Option<String>,
}

#[derive(SimpleObject)]
pub struct SetCustomFieldPayload {
    custom_field: Option<CustomField>,
    user_errors: Vec<UserError>,
}

#[Object]
impl CustomFields {
    async fn set_custom_field(&self, ctx: &Context<'_>, input: SetCustomFieldInput) -> Result<SetCustomFieldPayload> {
        let operator = scoped(ctx)?.operate()?;
        let integration = integration_id(&input.integration_id);
        let model: domain::RecordType = input.model.into();
        let refusals = check(&input, model, operator.access().sees(integration));
        if !refusals.is_empty() {
            return Ok(SetCustomFieldPayload { custom_field: None, user_errors: errors(refusals) });
        }
        let Some(source) = input.source else {
            operator.remove_custom_field(integration, model, &input.key).await?;
            return Ok(SetCustomFieldPayload { custom_field: None, user_errors: Vec::new() });
        };
        let row = custom_field::Model {
            integration_id: integration,
            model: model.as_str().to_owned(),
            key: input.key,
            source,
            label: input.label,
        };
        operator.set_custom_field(row.clone()).await?;
        Ok(SetCustomFieldPayload { custom_field: CustomField::of(row), user_errors: Vec::new() })
    }
}

fn check(input: &SetCustomFieldInput, model: domain::RecordType, visible: bool) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if !visible {
        let refusal = Refusal::new(ErrorCode::NotFound, "there is no such integration");
        refusals.push(refusal.at(&["input", "integrationId"]));
    }
    match model {
        domain::RecordType::Job | domain::RecordType::Candidate | domain::RecordType::Application => {}
        _ => {
            let message = format!("{model} has no custom fields; JOB, CANDIDATE and APPLICATION have");
            refusals.push(Refusal::new(ErrorCode::FieldNotSupported, message).at(&["input", "model"]));
        }
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let good = input.key.len() <= 64
        && input.key.chars().all(fits)
        && input.key.starts_with(|c: char| c.is_ascii_alphabetic());
    if !good {
        let message = "must be at most 64 letters, digits and underscores, beginning with a letter";
        refusals.push(Refusal::input(&["input", "key"], message));
    }
    if let Some(source) = &input.source
        && (!source.starts_with('/') || source.len() > 500 || source.chars().any(char::is_control))
    {
        let message = "must be a JSON Pointer as `customFieldSources` lists them, e.g. /~1recruitments~1{id}/_region";
        refusals.push(Refusal::input(&["input", "source"], message));
    }
    if input.label.as_deref().is_some_and(|label| label.chars().count() > 200 || label.chars().any(char::is_control)) {
        refusals.push(Refusal::input(&["input", "label"], "must be one line of at most 200 characters"));
    }
    refusals
}
