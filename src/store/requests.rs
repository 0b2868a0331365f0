//! The log of requests to and from vendors: written in portions, read the newest first, and kept for a while. What it
//! is given has had secrets and personal data left out already.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult};
use uuid::Uuid;

use super::commit::portions;
use super::convert::millis;
use super::entity::vendor_request;
use super::page::{Order, Position, SortKey, SortValue, Window};
use super::read::{Page, Row, finish, window as cut};
use super::scoped::Operator;
use super::sql::Sql;
use super::{Result, Store};
use crate::domain::RequestDirection;

/// Rows of one statement.
const PORTION: usize = 256;
/// Rows that are removed in one transaction.
const PURGED_AT_ONCE: u64 = 1000;
/// From this status on a request has failed.
const FAILURES: u16 = 400;

/// What a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Run(Uuid),
    Action(Uuid),
}

#[derive(Debug, Clone)]
pub struct NewRequest {
    pub integration: Uuid,
    /// As [`request_id`] makes it.
    pub id: Uuid,
    pub direction: RequestDirection,
    pub at: DateTime<Utc>,
    pub took: Option<Duration>,
    pub method: String,
    pub url: String,
    pub status: Option<u16>,
    pub request_body: Option<String>,
    pub response_body: Option<String>,
    pub error: Option<String>,
    pub cause: Option<Cause>,
}

/// Which requests a list holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestFilter {
    pub direction: Option<RequestDirection>,
    pub failed_only: bool,
    /// In milliseconds since 1970.
    pub since: Option<i64>,
}

/// An id that comes after those of earlier milliseconds, and among those of its own by `number`, which a process counts
/// up; `random` keeps those of several processes apart.
pub fn request_id(at: DateTime<Utc>, number: u32, random: [u8; 6]) -> Uuid {
    // Between time and random bits, around those of version and variant, is room for 26 bits of the number.
    let (high, low) = (u128::from(number >> 14) & 0xfff, u128::from(number) & 0x3fff);
    let random = random.iter().fold(0, |bits, byte| (bits << 8) | u128::from(*byte));
    Uuid::new_v8((time_bits(at.timestamp_millis()) | (high << 64) | (low << 48) | random).to_be_bytes())
}

/// What the ids of a millisecond begin with.
fn time_bits(millis: i64) -> u128 {
    u128::from(u64::try_from(millis).unwrap_or(0)) << 80
}

impl Store {
    /// Writes requests down; those of integrations that are gone are left out.
    pub async fn add_vendor_requests(&self, requests: &[NewRequest]) -> Result<()> {
        let mut integrations: Vec<Uuid> = requests.iter().map(|request| request.integration).collect();
        integrations.sort_unstable();
        integrations.dedup();
        if integrations.is_empty() {
            return Ok(());
        }
        let tx = self.0.database.begin().await?;
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("SELECT id FROM integrations WHERE ").one_of("id", &integrations).push(" ORDER BY id");
        if sql.backend() == DbBackend::Postgres {
            // Whoever erases one waits, and then erases this with it.
            sql.push(" FOR KEY SHARE");
        }
        let rows = tx.query_all_raw(sql.statement()).await?;
        let known: Vec<Uuid> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        let requests = requests.iter().filter(|request| known.contains(&request.integration));
        let rows: Vec<vendor_request::ActiveModel> = requests.cloned().map(row).collect();
        for some in portions(&rows, PORTION) {
            vendor_request::Entity::insert_many(some.iter().cloned()).exec_without_returning(&tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Removes requests that are older, as many as go into one small transaction. False when none is left.
    pub async fn purge_vendor_requests(&self, before: DateTime<Utc>) -> Result<bool> {
        let database = &self.0.database;
        let old = |sql: &mut Sql| {
            sql.push(" FROM vendor_requests WHERE at < ").bind(millis(before)).push(" ORDER BY at LIMIT ");
            sql.bind(i64::try_from(PURGED_AT_ONCE).unwrap_or(i64::MAX));
        };
        let mut sql = Sql::new(database.backend());
        sql.push("SELECT 1");
        old(&mut sql);
        // Nobody is kept waiting when there is nothing to remove.
        if database.fresh_rows(sql.statement()).await?.is_empty() {
            return Ok(false);
        }
        let mut sql = Sql::new(database.backend());
        sql.push("DELETE FROM vendor_requests WHERE (integration_id, id) IN (SELECT integration_id, id");
        old(&mut sql);
        if sql.backend() == DbBackend::Postgres {
            // Others remove the rest.
            sql.push(" FOR UPDATE SKIP LOCKED");
        }
        sql.push(")");
        Ok(database.execute(sql.statement()).await?.rows_affected() == PURGED_AT_ONCE)
    }
}

impl Operator {
    /// The newest first.
    pub async fn vendor_requests(
        &self,
        integration: Uuid,
        filter: RequestFilter,
        window: &Window,
    ) -> Result<Page<vendor_request::Model>> {
        let order = Order { key: SortKey::Id, descending: true };
        let database = &self.store().0.database;
        let mut sql = self.requests_sql("SELECT t.*", integration, filter);
        cut(&mut sql, &order, window);
        let rows = database.fresh_rows(sql.statement()).await?;
        let rows = rows.iter().map(|row| {
            let record = vendor_request::Model::from_query_result(row, "")?;
            let position = Position { value: SortValue::Number(0), id: record.id };
            Ok(Row { position, record: Arc::new(record) })
        });
        Ok(finish(rows.collect::<Result<_>>()?, window))
    }

    pub async fn count_vendor_requests(&self, integration: Uuid, filter: RequestFilter) -> Result<u64> {
        let sql = self.requests_sql("SELECT COUNT(*)", integration, filter);
        let rows = self.store().0.database.fresh_rows(sql.statement()).await?;
        let count: i64 = rows.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Those of these requests that there are and that may be seen.
    pub async fn vendor_requests_by_ids(&self, ids: &[Uuid]) -> Result<Vec<vendor_request::Model>> {
        let mut sql = Sql::new(self.store().0.database.backend());
        sql.push("SELECT t.* FROM vendor_requests t WHERE ");
        sql.one_of("t.integration_id", self.access().integrations.ids()).push(" AND ").one_of("t.id", ids);
        let rows = self.store().0.database.fresh_rows(sql.statement()).await?;
        rows.iter().map(|row| Ok(vendor_request::Model::from_query_result(row, "")?)).collect()
    }

    /// Conditions to the letter of the indices.
    fn requests_sql(&self, begin: &str, integration: Uuid, filter: RequestFilter) -> Sql {
        let mut sql = Sql::new(self.store().0.database.backend());
        sql.push(begin).push(" FROM vendor_requests t WHERE ");
        match self.access().may_see(integration) {
            true => sql.push("t.integration_id = ").bind(integration),
            false => sql.push("1 = 0"),
        };
        match filter.direction {
            Some(RequestDirection::Incoming) => drop(sql.push(" AND t.direction = 'INCOMING'")),
            Some(RequestDirection::Outgoing) => drop(sql.push(" AND t.direction = 'OUTGOING'")),
            None => {}
        }
        if filter.failed_only {
            sql.push(" AND t.failed");
        }
        if let Some(since) = filter.since {
            sql.push(" AND t.id >= ").bind(Uuid::from_u128(time_bits(since)));
        }
        sql
    }
}

fn row(request: NewRequest) -> vendor_request::ActiveModel {
    let failed = request.error.is_some() || request.status.is_none_or(|status| status >= FAILURES);
    let (run, action) = match request.cause {
        Some(Cause::Run(run)) => (Some(run), None),
        Some(Cause::Action(action)) => (None, Some(action)),
        None => (None, None),
    };
    vendor_request::ActiveModel {
        integration_id: Set(request.integration),
        id: Set(request.id),
        direction: Set(request.direction.as_str().to_owned()),
        at: Set(millis(request.at)),
        duration: Set(request.took.map(|took| i64::try_from(took.as_millis()).unwrap_or(i64::MAX))),
        method: Set(request.method),
        url: Set(request.url),
        status: Set(request.status.map(i32::from)),
        failed: Set(failed),
        request_body: Set(request.request_body),
        response_body: Set(request.response_body),
        error: Set(request.error),
        run_id: Set(run),
        action_id: Set(action),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_time_and_then_of_numbers() {
        let at = |millis| DateTime::from_timestamp_millis(millis).unwrap();
        let most = (1 << 26) - 1;
        let cases =
            [(1, 0), (1, 1), (1, 63), (1, 64), (1, 5000), (1, 1 << 20), (1, most), (2, 0), (1_800_000_000_000, 0)];
        let ids: Vec<Uuid> = cases
            .iter()
            .enumerate()
            .map(|(index, (millis, number))| request_id(at(*millis), *number, [255 - u8::try_from(index).unwrap(); 6]))
            .collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:#?}");
        assert!(ids.iter().all(|id| id.get_version_num() == 8));
        assert_eq!(request_id(at(1), most + 1, [0; 6]), request_id(at(1), 0, [0; 6]), "it begins anew");
    }
}
