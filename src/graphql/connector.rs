//! Vendors, as their manifests describe them.

use async_graphql::{Context, Object, Result, SimpleObject};

use super::vocabulary::{ActionKind, FeatureKey, RecordType};
use crate::connectors::Manifest;
use crate::connectors::guide::{self, Step};
use crate::connectors::manifest;
use crate::domain;
use crate::store::Error;
use crate::sync::Engine;

/// A vendor that this service speaks to.
pub struct Connector(&'static Manifest);

impl Connector {
    /// The connector of an integration.
    pub fn named(ctx: &Context<'_>, slug: &str) -> Result<Self> {
        let engine = ctx.data::<Engine>()?;
        let manifest = engine.manifest(slug).ok_or(Error::Corrupt("an integration of an unknown connector"))?;
        Ok(Self(manifest))
    }

    pub fn find(ctx: &Context<'_>, slug: &str) -> Result<Option<Self>> {
        Ok(ctx.data::<Engine>()?.manifest(slug).map(Self))
    }

    pub fn all(ctx: &Context<'_>) -> Result<Vec<Self>> {
        Ok(ctx.data::<Engine>()?.manifests().map(Self).collect())
    }

    /// The vendor's events that are followed.
    pub fn followed_events(&self) -> impl Iterator<Item = &'static str> + use<> {
        let events: &'static [manifest::WebhookEvent] = self.0.webhook_events;
        events.iter().filter(|event| event.covered).map(|event| event.event)
    }

    pub fn record_types(&self) -> Vec<domain::RecordType> {
        self.0.record_types()
    }
}

/// A vendor that this service speaks to.
#[Object]
impl Connector {
    async fn slug(&self) -> &str {
        self.0.slug
    }

    async fn name(&self) -> &str {
        self.0.name
    }

    /// Credential fields, in the order in which a form should ask for them.
    async fn credentials(&self) -> Vec<CredentialField> {
        let field = |field: &manifest::CredentialField| CredentialField {
            key: field.key,
            label: field.label,
            help: field.help,
            secret: field.secret,
            required: field.required,
            placeholder: field.placeholder,
        };
        self.0.credentials.iter().map(field).collect()
    }

    async fn guide(&self) -> ConnectionGuide {
        let guide = guide::parse(self.0.guide);
        ConnectionGuide {
            prerequisites: guide.prerequisites,
            steps: guide.steps.into_iter().map(GuideStep::from).collect(),
            source_setup: guide.source_setup.into_iter().map(GuideStep::from).collect(),
        }
    }

    async fn coverage(&self) -> Coverage {
        let model = |coverage: &manifest::ModelCoverage| ModelCoverage {
            model: coverage.model.into(),
            fields: fields(coverage.fields),
        };
        let action = |coverage: &manifest::ActionCoverage| ActionCoverage {
            action: coverage.action.into(),
            note: coverage.note,
            inputs: fields(coverage.inputs),
        };
        let event = |event: &manifest::WebhookEvent| WebhookEventCoverage {
            event: event.event,
            covered: event.covered,
            description: event.description,
        };
        Coverage {
            models: self.0.models.iter().map(model).collect(),
            actions: self.0.actions.iter().map(action).collect(),
            webhook_events: self.0.webhook_events.iter().map(event).collect(),
        }
    }

    async fn features(&self) -> Vec<Feature> {
        let feature = |feature: &manifest::Feature| Feature {
            key: feature.key.into(),
            supported: feature.supported,
            note: feature.note,
        };
        self.0.features.iter().map(feature).collect()
    }
}

fn fields(fields: &'static [manifest::FieldCoverage]) -> Vec<FieldCoverage> {
    fields.iter().map(|field| FieldCoverage { name: field.name, note: field.note }).collect()
}

#[derive(SimpleObject)]
pub struct CredentialField {
    key: &'static str,
    label: &'static str,
    help: Option<&'static str>,
    secret: bool,
    required: bool,
    placeholder: Option<&'static str>,
}

#[derive(SimpleObject)]
pub struct ConnectionGuide {
    prerequisites: Vec<String>,
    steps: Vec<GuideStep>,
    source_setup: Vec<GuideStep>,
}

#[derive(SimpleObject)]
pub struct GuideStep {
    title: String,
    /// Markdown.
    body: String,
}

impl From<Step> for GuideStep {
    fn from(step: Step) -> Self {
        Self { title: step.title, body: step.body }
    }
}

#[derive(SimpleObject)]
pub struct Coverage {
    models: Vec<ModelCoverage>,
    actions: Vec<ActionCoverage>,
    webhook_events: Vec<WebhookEventCoverage>,
}

#[derive(SimpleObject)]
pub struct ModelCoverage {
    model: RecordType,
    fields: Vec<FieldCoverage>,
}

#[derive(SimpleObject)]
pub struct ActionCoverage {
    action: ActionKind,
    note: Option<&'static str>,
    inputs: Vec<FieldCoverage>,
}

#[derive(SimpleObject)]
pub struct FieldCoverage {
    name: &'static str,
    note: Option<&'static str>,
}

#[derive(SimpleObject)]
pub struct WebhookEventCoverage {
    event: &'static str,
    covered: bool,
    description: &'static str,
}

#[derive(SimpleObject)]
pub struct Feature {
    key: FeatureKey,
    supported: bool,
    note: Option<&'static str>,
}
