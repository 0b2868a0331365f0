//! The dataloaders of one request, for what is asked of several accounts at once. They live no longer than their
//! request, and wait for nobody: whatever one level asks for is there when the first of it is polled.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use async_trait::async_trait;
use tracing::Instrument;
use uuid::Uuid;

use crate::store::entity::{action, custom_field, integration, sync_run, sync_run_model, vendor_subscription};
use crate::store::{self, Accounts, ModelCount};

/// Loads what belongs to accounts.
pub struct AccountLoads(Accounts);

pub type AccountLoader = DataLoader<AccountLoads>;

pub fn accounts(accounts: Accounts) -> AccountLoader {
    #[expect(clippy::disallowed_methods, reason = "a batch ends with the request that waits for it")]
    let spawn = |batch| tokio::spawn(store::counted_here(batch).in_current_span());
    DataLoader::new(AccountLoads(accounts), spawn).delay(Duration::ZERO)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ById(pub Uuid);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LastRun(pub Uuid);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunById(pub Uuid);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActionById(pub Uuid);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunModels {
    pub integration: Uuid,
    pub run: Uuid,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Models {
    pub integration: Uuid,
    pub counted: bool,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CustomFields(pub Uuid);
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VendorWebhooks(pub Uuid);

#[async_trait]
impl Loader<ById> for AccountLoads {
    type Value = Arc<integration::Model>;
    type Error = Arc<store::Error>;

    async fn load(&self, keys: &[ById]) -> Result<HashMap<ById, Self::Value>, Self::Error> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        Ok(self.0.by_ids(&ids).await?.into_iter().map(|(id, row)| (ById(id), row)).collect())
    }
}

#[async_trait]
impl Loader<LastRun> for AccountLoads {
    type Value = Arc<sync_run::Model>;
    type Error = Arc<store::Error>;

    async fn load(&self, keys: &[LastRun]) -> Result<HashMap<LastRun, Self::Value>, Self::Error> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        Ok(self.0.last_runs(&ids).await?.into_iter().map(|(id, row)| (LastRun(id), row)).collect())
    }
}

#[async_trait]
impl Loader<RunById> for AccountLoads {
    type Value = Arc<sync_run::Model>;
    type Error = Arc<store::Error>;

    async fn load(&self, keys: &[RunById]) -> Result<HashMap<RunById, Self::Value>, Self::Error> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        Ok(self.0.runs_by_ids(&ids).await?.into_iter().map(|row| (RunById(row.id), Arc::new(row))).collect())
    }
}

#[async_trait]
impl Loader<ActionById> for AccountLoads {
    type Value = Arc<action::Model>;
    type Error = Arc<store::Error>;

    async fn load(&self, keys: &[ActionById]) -> Result<HashMap<ActionById, Self::Value>, Self::Error> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        Ok(self.0.actions_by_ids(&ids).await?.into_iter().map(|row| (ActionById(row.id), Arc::new(row))).collect())
    }
}

#[async_trait]
impl Loader<RunModels> for AccountLoads {
    type Value = Vec<sync_run_model::Model>;
    type Error = Arc<store::Error>;

    async fn load(&self, keys: &[RunModels]) -> Result<HashMap<RunModels, Self::Value>, Self::Error> {
        let runs: Vec<_> = keys.iter().map(|key| (key.integration, key.run)).collect();
        let mut found = self.0.run_models(&runs).await?;
        Ok(keys.iter().map(|key| (*key, found.remove(&key.run).unwrap_or_default())).collect())
    }
}

#[async_trait]
impl Loader<Models> for AccountLoads {
    type Value = Vec<ModelCount>;
    type Error = Arc<store::Error>;

    async fn load(&self, keys: &[Models]) -> Result<HashMap<Models, Self::Value>, Self::Error> {
        let mut loaded = HashMap::new();
        for counted in [false, true] {
            let wanted: Vec<Uuid> =
                keys.iter().filter(|key| key.counted == counted).map(|key| key.integration).collect();
            if !wanted.is_empty() {
                let found = self.0.models(&wanted, counted).await?;
                loaded.extend(found.into_iter().map(|(integration, models)| (Models { integration, counted }, models)));
            }
        }
        Ok(loaded)
    }
}

#[async_trait]
impl Loader<CustomFields> for AccountLoads {
    type Value = Vec<custom_field::Model>;
    type Error = Arc<store::Error>;

    async fn load(&self, keys: &[CustomFields]) -> Result<HashMap<CustomFields, Self::Value>, Self::Error> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let mut loaded: HashMap<CustomFields, Vec<custom_field::Model>> =
            keys.iter().map(|key| (*key, Vec::new())).collect();
        for field in self.0.custom_fields(&ids).await? {
            loaded.entry(CustomFields(field.integration_id)).or_default().push(field);
        }
        Ok(loaded)
    }
}

#[async_trait]
impl Loader<VendorWebhooks> for AccountLoads {
    type Value = Vec<vendor_subscription::Model>;
    type Error = Arc<store::Error>;

    async fn load(&self, keys: &[VendorWebhooks]) -> Result<HashMap<VendorWebhooks, Self::Value>, Self::Error> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let mut found = self.0.vendor_subscriptions(&ids).await?;
        Ok(keys.iter().map(|key| (*key, found.remove(&key.0).unwrap_or_default())).collect())
    }
}
