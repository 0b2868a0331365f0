//! Connected accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use serde_json::Value;

use super::arguments::{
    self, ApplicationFilter, ApplicationOrder, CandidateFilter, CandidateOrder, JobFilter, JobOrder, PageArguments,
};
use super::connection::{
    ApplicationConnection, CandidateConnection, JobConnection, SyncRunConnection, TagConnection, UserConnection,
    VendorRequestConnection, int,
};
use super::connector::Connector;
use super::loaders::{AccountLoader, CustomFields, LastRun, Models, VendorWebhooks};
use super::query::{application_page, candidate_page, job_page, tag_page, user_page};
use super::reads::{Reads, scoped};
use super::record::ApplicationStage;
use super::scalar::{Date, DateTime, Duration, Json};
use super::selection::{Field, has};
use super::sync_run::SyncRun;
use super::vendor_request::VendorRequestFilter;
use super::vendor_webhook::VendorWebhook;
use super::vocabulary::{IntegrationState, RecordType, SyncScope};
use crate::domain::{self, IntegrationId};
use crate::store::entity::{application_stage, custom_field, integration};
use crate::store::page::SortKey;
use crate::store::{Listing, MAX_DELETED_SHARE, ModelCount, integration_state};

/// One end customer's account at one vendor.
#[derive(Clone)]
pub struct Integration {
    row: Arc<integration::Model>,
}

impl Integration {
    pub fn new(row: Arc<integration::Model>) -> Self {
        Self { row }
    }
}

#[derive(SimpleObject)]
pub struct EndUser {
    organization_name: String,
    email: Option<String>,
    origin_id: Option<String>,
}

#[derive(SimpleObject)]
pub struct SyncSettings {
    interval: Duration,
    scope: SyncScope,
    cutoff_date: Option<Date>,
    /// The source of candidates and applications that are created without one.
    default_source: Option<String>,
    /// The largest share of the records of a type that one run may mark as deleted; of more it marks none, see
    /// `ModelStatus.heldDeletions`. Up to 20 records may always go. 1: any number may go at once.
    max_deleted_share: f64,
    /// Record types that are neither read nor stored.
    excluded_models: Vec<RecordType>,
    /// Fields that are not stored, as in `candidate.phoneNumbers`: they are null or empty, and so is `remoteData` of
    /// their records and of those that refer to them.
    excluded_fields: Vec<String>,
}

#[derive(SimpleObject)]
pub struct ModelStatus {
    model: RecordType,
    count: i32,
    last_synced_at: Option<DateTime>,
    readable: bool,
    error: Option<String>,
    /// Records that the vendor has no longer, and that are not marked as deleted, because too many vanished at once:
    /// until another full run finds the same, or one with `confirmDeletions`.
    held_deletions: i32,
}

#[derive(SimpleObject)]
pub struct CustomField {
    key: String,
    model: RecordType,
    /// RFC 6901 JSON Pointer into `remoteData`.
    source: String,
    label: Option<String>,
}

impl CustomField {
    pub fn of(row: custom_field::Model) -> Option<Self> {
        let model = domain::RecordType::parse(&row.model)?.into();
        Some(Self { key: row.key, model, source: row.source, label: row.label })
    }
}

#[derive(SimpleObject)]
pub struct CustomFieldSource {
    source: String,
    label: Option<String>,
    sample: Option<Json>,
}

/// One end customer's account at one vendor.
#[Object]
impl Integration {
    pub async fn id(&self) -> ID {
        IntegrationId(self.row.id).to_string().into()
    }

    async fn connector(&self, ctx: &Context<'_>) -> Result<Connector> {
        Connector::named(ctx, &self.row.connector)
    }

    async fn name(&self) -> &str {
        &self.row.name
    }

    async fn end_user(&self) -> EndUser {
        EndUser {
            organization_name: self.row.organization_name.clone(),
            email: self.row.end_user_email.clone(),
            origin_id: self.row.end_user_origin_id.clone(),
        }
    }

    async fn state(&self) -> IntegrationState {
        integration_state(&self.row).into()
    }

    /// Why the state is what it is, in words that the end customer can act on.
    async fn state_reason(&self) -> Option<&str> {
        self.row.state_reason.as_deref()
    }

    async fn created_at(&self) -> DateTime {
        DateTime::from_millis(self.row.created_at)
    }

    async fn sync_settings(&self) -> SyncSettings {
        let rules = self.row.data_rules.as_ref().map(|json| json.0.clone()).unwrap_or_default();
        let interval = u64::try_from(self.row.sync_interval).unwrap_or(0);
        SyncSettings {
            interval: Duration::of(std::time::Duration::from_millis(interval)),
            scope: domain::SyncScope::parse(&self.row.sync_scope).unwrap_or(domain::SyncScope::All).into(),
            cutoff_date: self.row.cutoff_date.as_deref().map(Date::from_text),
            default_source: self.row.default_source.clone(),
            max_deleted_share: self.row.max_deleted_share.unwrap_or(MAX_DELETED_SHARE),
            excluded_models: rules.models().map(Into::into).collect(),
            excluded_fields: rules.fields().map(|field| field.to_string()).collect(),
        }
    }

    /// Null while it is paused.
    async fn next_sync_at(&self) -> Option<DateTime> {
        let at = self.row.next_sync_at.filter(|_| !self.row.paused);
        at.map(DateTime::from_millis)
    }

    async fn last_sync(&self, ctx: &Context<'_>) -> Result<Option<SyncRun>> {
        Ok(ctx.data::<AccountLoader>()?.load_one(LastRun(self.row.id)).await?.map(SyncRun::new))
    }

    /// The latest first.
    async fn sync_runs(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<SyncRunConnection> {
        let window = PageArguments { first, after, last, before }.window(SortKey::QueuedAt)?;
        let page = scoped(ctx)?.accounts()?.runs(self.row.id, &window).await?;
        Ok(SyncRunConnection::new(page, self.row.id))
    }

    /// Per record type that the vendor serves: how many there are, how fresh, and whether it can be read.
    async fn models(&self, ctx: &Context<'_>) -> Result<Vec<ModelStatus>> {
        let counted = has(&Field::below(ctx), "count");
        let served = Connector::named(ctx, &self.row.connector)?.record_types();
        let key = Models { integration: self.row.id, counted };
        let models = ctx.data::<AccountLoader>()?.load_one(key).await?.unwrap_or_default();
        let models = models.into_iter().filter(|model| served.contains(&model.model));
        Ok(models
            .map(|ModelCount { model, count, last_synced_at, readable, error, held_deletions }| ModelStatus {
                model: model.into(),
                count: int(count),
                last_synced_at: last_synced_at.map(DateTime::from_millis),
                readable,
                error,
                held_deletions: int(held_deletions),
            })
            .collect())
    }

    async fn custom_fields(&self, ctx: &Context<'_>) -> Result<Vec<CustomField>> {
        let fields = ctx.data::<AccountLoader>()?.load_one(CustomFields(self.row.id)).await?.unwrap_or_default();
        Ok(fields.into_iter().filter_map(CustomField::of).collect())
    }

    /// Live vendor fields that a custom field can be filled from, as the latest records have them.
    async fn custom_field_sources(&self, ctx: &Context<'_>, model: RecordType) -> Result<Vec<CustomFieldSource>> {
        let records = scoped(ctx)?.records()?;
        records.remote_data()?;
        let latest = records.latest_payloads(self.row.id, model.into(), SAMPLES).await?;
        let mut sources = BTreeMap::new();
        let mut labels = BTreeMap::new();
        for (payload, fields) in latest {
            for (endpoint, body) in &payload {
                collect(&mut sources, &format!("/{}", escape(endpoint)), body);
            }
            labels.extend(fields.into_iter().filter_map(|field| Some((field.key, field.label?))));
        }
        // What the vendor's users see, where the vendor tells.
        let label = |source: &str| {
            let name = source.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
            let words = name.trim_start_matches('_').replace('_', " ");
            labels.get(&name).cloned().or_else(|| (!words.is_empty()).then_some(words))
        };
        Ok(sources
            .into_iter()
            .map(|(source, sample)| CustomFieldSource {
                label: label(&source),
                source,
                sample: (!sample.is_null()).then_some(Json(sample)),
            })
            .collect())
    }

    /// Of each of the vendor's events that are followed, whether it calls us.
    async fn vendor_webhooks(&self, ctx: &Context<'_>) -> Result<Vec<VendorWebhook>> {
        let events = Connector::named(ctx, &self.row.connector)?.followed_events();
        let rows = ctx.data::<AccountLoader>()?.load_one(VendorWebhooks(self.row.id)).await?.unwrap_or_default();
        Ok(events.map(|event| VendorWebhook::of(event, &rows)).collect())
    }

    /// Requests to and from the vendor, secrets and personal data redacted. The newest first; those of the last seconds
    /// may still be missing. Needs the scope OPERATE.
    async fn vendor_requests(
        &self,
        ctx: &Context<'_>,
        filter: Option<VendorRequestFilter>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<VendorRequestConnection> {
        let window = PageArguments { first, after, last, before }.window(SortKey::Id)?;
        let filter = filter.unwrap_or_default().read()?;
        let page = scoped(ctx)?.operate()?.vendor_requests(self.row.id, filter, &window).await?;
        Ok(VendorRequestConnection::new(page, (self.row.id, filter)))
    }

    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        filter: Option<JobFilter>,
        order_by: Option<JobOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<JobConnection> {
        let page = PageArguments { first, after, last, before };
        job_page(ctx, Some(self.row.id), arguments::jobs(filter, order_by, &page)?).await
    }

    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn candidates(
        &self,
        ctx: &Context<'_>,
        filter: Option<CandidateFilter>,
        order_by: Option<CandidateOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<CandidateConnection> {
        let page = PageArguments { first, after, last, before };
        candidate_page(ctx, Some(self.row.id), arguments::candidates(filter, order_by, &page)?).await
    }

    #[expect(clippy::too_many_arguments, reason = "the contract's arguments")]
    async fn applications(
        &self,
        ctx: &Context<'_>,
        filter: Option<ApplicationFilter>,
        order_by: Option<ApplicationOrder>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<ApplicationConnection> {
        let page = PageArguments { first, after, last, before };
        application_page(ctx, Some(self.row.id), arguments::applications(filter, order_by, &page)?).await
    }

    /// Every stage that the vendor has now.
    async fn application_stages(&self, ctx: &Context<'_>) -> Result<Vec<ApplicationStage>> {
        let listing = Listing::everything(false);
        let sorted_by = application_stage::Column::GlobalIndex;
        let (page, reads) =
            Reads::list_of::<application_stage::Model>(ctx, Some(self.row.id), &listing, sorted_by).await?;
        let mut rows: Vec<_> = page.rows.iter().map(|row| row.record.clone()).collect();
        rows.sort_by_key(|row| (row.global_index, row.id));
        Ok(rows.into_iter().map(|row| ApplicationStage::new(row, reads.clone())).collect())
    }

    async fn tags(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<TagConnection> {
        tag_page(ctx, self.row.id, &PageArguments { first, after, last, before }).await
    }

    async fn users(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<UserConnection> {
        user_page(ctx, self.row.id, &PageArguments { first, after, last, before }).await
    }
}

/// Records that are looked at for sources.
const SAMPLES: i64 = 25;

/// Notes every leaf; a list is one, because positions in it mean nothing.
fn collect(sources: &mut BTreeMap<String, Value>, at: &str, value: &Value) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                collect(sources, &format!("{at}/{}", escape(name)), value);
            }
        }
        leaf => {
            let sample = sources.entry(at.to_owned()).or_default();
            if sample.is_null() {
                *sample = leaf.clone();
            }
        }
    }
}

/// One step of a JSON Pointer.
fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}
