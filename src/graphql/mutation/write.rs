//! Writes to vendors.

use std::time::Duration as StdDuration;

use async_graphql::{Context, ID, InputObject, Object, Result};
use uuid::Uuid;

use super::{UserError, errors, integration_id};
use crate::actions::{Actions, AttachmentInput as Given, Content, CreateInput, PersonInput, Request, Submitted, Write};
use crate::domain::{NodeId, NodeType, RecordType, Refusal};
use crate::graphql::action::{Action, Warning, application_of, candidate_of};
use crate::graphql::reads::scoped;
use crate::graphql::record::{Application, Candidate};
use crate::graphql::scalar::{Date, Duration, Url};
use crate::graphql::vocabulary::{AttachmentType, Gender, SalaryPeriod};

#[derive(Default)]
pub struct Writes;

/// The longest that a mutation waits for the vendor.
const LONGEST_WAIT: StdDuration = StdDuration::from_secs(60);
pub(super) const USUAL_WAIT: StdDuration = StdDuration::from_secs(20);

#[derive(InputObject)]
pub struct CandidateInput {
    first_name: String,
    last_name: String,
    email_address: String,
    title: Option<String>,
    phone_number: Option<String>,
    location: Option<LocationInput>,
    gender: Option<Gender>,
    availability_date: Option<Date>,
    salary_expectations: Option<SalaryExpectationsInput>,
}

#[derive(InputObject)]
pub struct LocationInput {
    city: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    state: Option<String>,
    street1: Option<String>,
    zip_code: Option<String>,
}

#[derive(InputObject)]
pub struct SalaryExpectationsInput {
    period: SalaryPeriod,
    /// In the vendor's currency.
    amount: f64,
}

/// Exactly one of `data` and `dataUrl`. `contentType` is required with `data`, and read from the answer with `dataUrl`.
#[derive(InputObject)]
pub struct AttachmentInput {
    name: String,
    #[graphql(default_with = "Some(AttachmentType::Other)")]
    r#type: Option<AttachmentType>,
    content_type: Option<String>,
    /// Base64.
    data: Option<String>,
    data_url: Option<Url>,
}

#[derive(InputObject)]
pub struct ApplicationTargetInput {
    job_id: ID,
    stage_id: Option<ID>,
}

#[derive(InputObject)]
pub struct SourceInput {
    name: String,
}

#[derive(InputObject)]
pub struct GdprConsentInput {
    given: bool,
}

#[derive(InputObject)]
pub struct KeyValueInput {
    pub key: String,
    pub value: String,
}

#[derive(InputObject)]
pub struct ResultLinkDetailsInput {
    custom_field_name_prefix: Option<String>,
    attributes: Vec<KeyValueInput>,
}

macro_rules! write_input {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(InputObject)]
        pub struct $name {
            $($field: $type,)+
            /// The same key with the same input returns the first action and sends nothing. Known for 30 days.
            idempotency_key: Option<String>,
            /// How long to wait for the vendor before the action is handed back as it stands; PT60S at most.
            #[graphql(default_with = "Some(Duration::of(USUAL_WAIT))")]
            wait: Option<Duration>,
        }
    };
}

write_input!(CreateCandidateInput {
    integration_id: ID,
    candidate: CandidateInput,
    application: ApplicationTargetInput,
    attachments: Option<Vec<AttachmentInput>>,
    source: Option<SourceInput>,
    gdpr_consent: Option<GdprConsentInput>,
});
write_input!(CreateApplicationInput {
    integration_id: ID,
    candidate: CandidateInput,
    application: ApplicationTargetInput,
    attachments: Option<Vec<AttachmentInput>>,
    source: Option<SourceInput>,
    gdpr_consent: Option<GdprConsentInput>,
});
write_input!(AddAttachmentToApplicationInput { application_id: ID, attachment: AttachmentInput });
write_input!(AddAttachmentToCandidateInput { candidate_id: ID, attachment: AttachmentInput });
write_input!(MoveApplicationToStageInput { application_id: ID, stage_id: ID });
write_input!(AddResultLinkToApplicationInput {
    application_id: ID,
    label: String,
    url: Url,
    details: Option<ResultLinkDetailsInput>,
});
write_input!(AddNoteToApplicationInput { application_id: ID, content: String });

/// What a write has to say, whichever it is.
pub struct Written {
    action: Option<Action>,
    refusals: Vec<Refusal>,
}

macro_rules! write_payload {
    ($name:ident { $($(#[$meta:meta])* $record:ident: $object:ident by $read:ident),+ }) => {
        pub struct $name(Written);

        #[Object]
        impl $name {
            async fn action(&self) -> Option<&Action> {
                self.0.action.as_ref()
            }

            $(
                /// As the mirror has it now.
                async fn $record(&self, ctx: &Context<'_>) -> Result<Option<$object>> {
                    match &self.0.action {
                        Some(action) => $read(ctx, action.row()).await,
                        None => Ok(None),
                    }
                }
            )+

            async fn warnings(&self) -> Vec<Warning> {
                let warnings = self.0.action.iter().flat_map(|action| &action.row().warnings.0);
                warnings.cloned().map(Into::into).collect()
            }

            async fn user_errors(&self) -> Vec<UserError> {
                let of_action = self.0.action.iter().flat_map(|action| &action.row().errors.0);
                errors(self.0.refusals.iter().chain(of_action).cloned().collect())
            }
        }
    };
}

write_payload!(CreateCandidatePayload { candidate: Candidate by candidate_of, application: Application by application_of });
write_payload!(CreateApplicationPayload { candidate: Candidate by candidate_of, application: Application by application_of });
write_payload!(AddAttachmentToApplicationPayload { application: Application by application_of });
write_payload!(AddAttachmentToCandidatePayload { candidate: Candidate by candidate_of });
write_payload!(MoveApplicationToStagePayload { application: Application by application_of });
write_payload!(AddResultLinkToApplicationPayload { application: Application by application_of });
write_payload!(AddNoteToApplicationPayload { application: Application by application_of });

#[Object]
impl Writes {
    /// Creates a candidate with an application for a job, or adds the application to the candidate whom the vendor
    /// knows by this e-mail address.
    async fn create_candidate(&self, ctx: &Context<'_>, input: CreateCandidateInput) -> Result<CreateCandidatePayload> {
        let CreateCandidateInput {
            integration_id,
            candidate,
            application,
            attachments,
            source,
            gdpr_consent,
            idempotency_key,
            wait,
        } = input;
        let created = creation(&integration_id, candidate, application, attachments, source, gdpr_consent);
        Ok(CreateCandidatePayload(write(ctx, Write::CreateCandidate(created), idempotency_key, wait).await?))
    }

    /// The same as `createCandidate`, for callers who think of the application first.
    async fn create_application(
        &self,
        ctx: &Context<'_>,
        input: CreateApplicationInput,
    ) -> Result<CreateApplicationPayload> {
        let CreateApplicationInput {
            integration_id,
            candidate,
            application,
            attachments,
            source,
            gdpr_consent,
            idempotency_key,
            wait,
        } = input;
        let created = creation(&integration_id, candidate, application, attachments, source, gdpr_consent);
        Ok(CreateApplicationPayload(write(ctx, Write::CreateApplication(created), idempotency_key, wait).await?))
    }

    async fn add_attachment_to_application(
        &self,
        ctx: &Context<'_>,
        input: AddAttachmentToApplicationInput,
    ) -> Result<AddAttachmentToApplicationPayload> {
        let add = Write::AddAttachmentToApplication {
            application: record(RecordType::Application, &input.application_id),
            attachment: attachment(input.attachment),
        };
        Ok(AddAttachmentToApplicationPayload(write(ctx, add, input.idempotency_key, input.wait).await?))
    }

    async fn add_attachment_to_candidate(
        &self,
        ctx: &Context<'_>,
        input: AddAttachmentToCandidateInput,
    ) -> Result<AddAttachmentToCandidatePayload> {
        let add = Write::AddAttachmentToCandidate {
            candidate: record(RecordType::Candidate, &input.candidate_id),
            attachment: attachment(input.attachment),
        };
        Ok(AddAttachmentToCandidatePayload(write(ctx, add, input.idempotency_key, input.wait).await?))
    }

    /// An application that is there already stays, and that is a success.
    async fn move_application_to_stage(
        &self,
        ctx: &Context<'_>,
        input: MoveApplicationToStageInput,
    ) -> Result<MoveApplicationToStagePayload> {
        let to = Write::MoveApplicationToStage {
            application: record(RecordType::Application, &input.application_id),
            stage: record(RecordType::ApplicationStage, &input.stage_id),
        };
        Ok(MoveApplicationToStagePayload(write(ctx, to, input.idempotency_key, input.wait).await?))
    }

    async fn add_result_link_to_application(
        &self,
        ctx: &Context<'_>,
        input: AddResultLinkToApplicationInput,
    ) -> Result<AddResultLinkToApplicationPayload> {
        let (prefix, attributes) = match input.details {
            Some(details) => (details.custom_field_name_prefix, details.attributes),
            None => (None, Vec::new()),
        };
        let add = Write::AddResultLinkToApplication {
            application: record(RecordType::Application, &input.application_id),
            label: input.label,
            url: input.url.0,
            prefix,
            attributes: attributes.into_iter().map(|pair| (pair.key, pair.value)).collect(),
        };
        Ok(AddResultLinkToApplicationPayload(write(ctx, add, input.idempotency_key, input.wait).await?))
    }

    async fn add_note_to_application(
        &self,
        ctx: &Context<'_>,
        input: AddNoteToApplicationInput,
    ) -> Result<AddNoteToApplicationPayload> {
        let add = Write::AddNoteToApplication {
            application: record(RecordType::Application, &input.application_id),
            content: input.content,
        };
        Ok(AddNoteToApplicationPayload(write(ctx, add, input.idempotency_key, input.wait).await?))
    }
}

/// How long a caller waits for the vendor.
pub(super) fn patience(wait: Option<&Duration>) -> Result<StdDuration, Refusal> {
    match wait.map(Duration::get) {
        None => Ok(USUAL_WAIT),
        Some(Some(wait)) => Ok(wait.min(LONGEST_WAIT)),
        Some(None) => Err(Refusal::input(&["input", "wait"], "must be an ISO 8601 duration as in PT20S")),
    }
}

async fn write(ctx: &Context<'_>, write: Write, key: Option<String>, wait: Option<Duration>) -> Result<Written> {
    let writer = scoped(ctx)?.write()?;
    let patience = match patience(wait.as_ref()) {
        Ok(patience) => patience,
        Err(refusal) => return Ok(Written { action: None, refusals: vec![refusal] }),
    };
    let actions = ctx.data::<Actions>()?;
    let submitted = actions.submit(&writer, Request { write, idempotency_key: key }).await?;
    Ok(match submitted {
        Submitted::Action(integration, id) => {
            let row = actions.wait(integration, id, patience).await?;
            Written { action: row.map(|row| Action::new(row.into())), refusals: Vec::new() }
        }
        Submitted::Refused(refusals) => Written { action: None, refusals },
    })
}

fn creation(
    integration: &ID,
    candidate: CandidateInput,
    target: ApplicationTargetInput,
    attachments: Option<Vec<AttachmentInput>>,
    source: Option<SourceInput>,
    gdpr_consent: Option<GdprConsentInput>,
) -> CreateInput {
    let location = candidate.location.unwrap_or(LocationInput {
        city: None,
        country: None,
        state: None,
        street1: None,
        zip_code: None,
    });
    CreateInput {
        integration: integration_id(integration),
        person: PersonInput {
            first_name: candidate.first_name,
            last_name: candidate.last_name,
            email: candidate.email_address,
            title: candidate.title,
            phone: candidate.phone_number,
            city: location.city,
            country: location.country,
            state: location.state,
            street: location.street1,
            zip_code: location.zip_code,
            gender: candidate.gender.map(Into::into),
            availability_date: candidate.availability_date.map(|date| date.date()),
            salary: candidate.salary_expectations.map(|salary| (salary.period.into(), salary.amount)),
        },
        job: record(RecordType::Job, &target.job_id),
        stage: target.stage_id.map(|id| record(RecordType::ApplicationStage, &id)),
        attachments: attachments.unwrap_or_default().into_iter().map(attachment).collect(),
        source: source.map(|source| source.name),
        gdpr_consent: gdpr_consent.map(|consent| consent.given),
    }
}

fn attachment(input: AttachmentInput) -> Given {
    Given {
        name: input.name,
        r#type: input.r#type.unwrap_or(AttachmentType::Other).into(),
        content_type: input.content_type,
        content: match (input.data, input.data_url) {
            (Some(data), None) => Content::Data(data),
            (None, Some(url)) => Content::Url(url.0),
            _ => Content::Unclear,
        },
    }
}

/// An id that is none of such a record is met by nothing: nobody has the nil id.
fn record(of: RecordType, id: &ID) -> Uuid {
    NodeId::parse_as(NodeType::Record(of), id).unwrap_or_default()
}
