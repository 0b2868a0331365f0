//! Lists over whole integrations: keyset pages and counts. A list over several integrations takes the first
//! rows of each by its index and merges them.

use sea_orm::{DbBackend, QueryResult, Statement};
use uuid::Uuid;

use super::{Columns, Filter, Listing, Page, Row, finish};
use crate::domain::{IdSpace, IntegrationId};
use crate::store::entity::RecordRow;
use crate::store::page::{Order, Position, SortKey, SortValue, Window};
use crate::store::sql::Sql;
use crate::store::{Result, Store};

/// Integrations that one statement takes together.
const PARTS: usize = 50;

impl Store {
    pub(in crate::store) async fn page<R: RecordRow>(
        &self,
        integrations: &[Uuid],
        columns: &Columns<R>,
        listing: &Listing,
    ) -> Result<Page<R>> {
        let mut rows: Vec<Row<R>> = Vec::new();
        for some in integrations.chunks(PARTS) {
            let statement = statement(self.0.database.backend(), some, columns, listing);
            for row in self.0.database.rows(statement).await? {
                rows.push(read_row(&row, columns, listing.order.key)?);
            }
        }
        if integrations.len() > PARTS {
            rows.sort_by(|a, b| a.position.cmp(&b.position));
            if listing.order.descending != listing.window.backward {
                rows.reverse();
            }
        }
        Ok(finish(rows, &listing.window))
    }

    pub(in crate::store) async fn count<R: RecordRow>(&self, integrations: &[Uuid], filter: &Filter) -> Result<u64> {
        if integrations.is_empty() {
            return Ok(0);
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT COUNT(*) FROM ").push(R::TABLE).push(" t WHERE ").one_of("t.integration_id", integrations);
        remote_ids::<R>(&mut sql, integrations, filter);
        filter.write(&mut sql, "t");
        let rows = self.0.database.rows(sql.statement()).await?;
        let count: i64 = rows.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

fn statement<R: RecordRow>(
    backend: DbBackend,
    integrations: &[Uuid],
    columns: &Columns<R>,
    listing: &Listing,
) -> Statement {
    let mut sql = Sql::new(backend);
    if let [only] = integrations {
        part(&mut sql, *only, columns, listing);
        return sql.statement();
    }
    sql.push("SELECT * FROM (");
    for (index, integration) in integrations.iter().enumerate() {
        sql.push(if index > 0 { " UNION ALL SELECT * FROM (" } else { "SELECT * FROM (" });
        part(&mut sql, *integration, columns, listing);
        sql.push(&format!(") a{index}"));
    }
    sql.push(") u ORDER BY ");
    let direction = direction(&listing.order, &listing.window);
    sql.push("u.k").push(direction).push(", u.id").push(direction);
    sql.push(" LIMIT ").bind(limit(&listing.window));
    sql.statement()
}

/// The first rows of one integration. The order's value is the last column, `k`.
fn part<R: RecordRow>(sql: &mut Sql, integration: Uuid, columns: &Columns<R>, listing: &Listing) {
    let Listing { filter, order, window } = listing;
    sql.push("SELECT ");
    columns.select(sql, "t");
    sql.push(", ").push(&order.key.expression("t")).push(" AS k FROM ").push(R::TABLE);
    sql.push(" t WHERE t.integration_id = ").bind(integration);
    remote_ids::<R>(sql, &[integration], filter);
    filter.write(sql, "t");
    within(sql, "t", order, window);
    order_by(sql, "t", order, window);
    sql.push(" LIMIT ").bind(limit(window));
}

/// The ids of these remote ids: they are known without a look-up, and have an index.
fn remote_ids<R: RecordRow>(sql: &mut Sql, integrations: &[Uuid], filter: &Filter) {
    let Some(remote_ids) = filter.remote_ids() else { return };
    let spaces = integrations.iter().map(|id| IdSpace::new(IntegrationId(*id)));
    let ids: Vec<Uuid> =
        spaces.flat_map(|space| remote_ids.iter().map(move |remote| space.uuid(R::TYPE, remote))).collect();
    sql.push(" AND ").one_of("t.id", &ids);
}

pub(super) fn within(sql: &mut Sql, t: &str, order: &Order, window: &Window) {
    for (position, beyond) in [(&window.after, true), (&window.before, false)] {
        let Some(position) = position else { continue };
        let sign = if beyond == order.descending { " < " } else { " > " };
        if order.key == SortKey::Id {
            sql.push(&format!(" AND {t}.id{sign}")).bind(position.id);
            continue;
        }
        sql.push(&format!(" AND ({}, {t}.id){sign}(", order.key.expression(t)));
        match &position.value {
            SortValue::Number(number) => sql.bind(*number),
            SortValue::Text(text) => sql.bind(text.clone()),
        };
        sql.push(", ").bind(position.id).push(")");
    }
}

pub(super) fn order_by(sql: &mut Sql, t: &str, order: &Order, window: &Window) {
    let direction = direction(order, window);
    sql.push(" ORDER BY ");
    if order.key != SortKey::Id {
        sql.push(&order.key.expression(t)).push(direction).push(", ");
    }
    sql.push(t).push(".id").push(direction);
}

pub(super) fn direction(order: &Order, window: &Window) -> &'static str {
    if order.descending == window.backward { " ASC" } else { " DESC" }
}

/// One more than wanted tells whether there is more.
pub(super) fn limit(window: &Window) -> i64 {
    i64::try_from(window.limit).unwrap_or(i64::MAX - 1) + 1
}

/// A row whose last column is `k`.
pub(super) fn read_row<R: RecordRow>(row: &QueryResult, columns: &Columns<R>, key: SortKey) -> Result<Row<R>> {
    let record = columns.read(row, 0)?;
    let value = match key {
        SortKey::Id => SortValue::Number(0),
        SortKey::Name | SortKey::LastName => SortValue::Text(row.try_get_by_index(columns.count())?),
        _ => SortValue::Number(row.try_get_by_index(columns.count())?),
    };
    Ok(Row { position: Position { value, id: record.id() }, record: std::sync::Arc::new(record) })
}
