//! A bar for each account's first sync, on standard error, from what the runs write down.

use std::collections::HashMap;
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use uuid::Uuid;

use super::vendor::Vendor;
use crate::domain::SyncState;
use crate::store::Scoped;
use crate::store::entity::sync_run_model;

/// Waits until the first run of each integration has ended.
pub async fn wait(scoped: &Scoped, integrations: &[(Vendor, Uuid)]) -> Result<(), String> {
    let accounts = scoped.accounts().map_err(|error| error.to_string())?;
    let ids: Vec<Uuid> = integrations.iter().map(|(_, id)| *id).collect();
    let bars = MultiProgress::new();
    let style = ProgressStyle::with_template("{prefix:>8} {bar:30} {pos:>7}/{len:<7} {msg}")
        .map_err(|error| error.to_string())?
        .progress_chars("━╸─");
    let bars: HashMap<Uuid, ProgressBar> = integrations
        .iter()
        .map(|(vendor, id)| {
            let bar = bars.add(ProgressBar::new(0).with_style(style.clone()));
            let name = vendor.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
            bar.set_prefix(name);
            (*id, bar)
        })
        .collect();
    loop {
        let runs = accounts.last_runs(&ids).await.map_err(|error| error.to_string())?;
        let pairs: Vec<_> = runs.values().map(|run| (run.integration_id, run.id)).collect();
        let models = accounts.run_models(&pairs).await.map_err(|error| error.to_string())?;
        let mut open = ids.len();
        for (id, run) in &runs {
            let state = SyncState::parse(&run.state).unwrap_or(SyncState::Queued);
            if let (Some(bar), Some(models)) = (bars.get(id), models.get(&run.id)) {
                show(bar, models);
                if state.is_finished() {
                    bar.finish_with_message(state.as_str().to_lowercase());
                }
            }
            if state.is_finished() {
                open -= 1;
                if !matches!(state, SyncState::Succeeded | SyncState::PartiallyFailed) {
                    return Err(format!("a sync ended as {state}"));
                }
            }
        }
        if open == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn show(bar: &ProgressBar, models: &[sync_run_model::Model]) {
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    let fetched: u64 = models.iter().map(|model| number(model.fetched)).sum();
    let expected: u64 = models.iter().map(|model| number(model.expected.unwrap_or(0).max(model.fetched))).sum();
    bar.set_length(expected);
    bar.set_position(fetched);
    let running = models.iter().filter(|model| model.state == SyncState::Running.as_str());
    let names: Vec<_> = running.map(|model| model.model.to_lowercase().replace('_', " ")).collect();
    bar.set_message(names.join(", "));
}
