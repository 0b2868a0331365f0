//! Relations: one statement for all parents, whatever their number.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::DbBackend;
use uuid::Uuid;

use super::list::{limit, order_by, read_row, within};
use super::{ByParent, Columns, Join, Key, Link, Listing, Page, Row, finish};
use crate::domain::Payload;
use crate::store::entity::{Json, RecordRow};
use crate::store::sql::Sql;
use crate::store::{Result, Store};

impl Store {
    /// The rows of these keys, by id.
    pub(in crate::store) async fn by_keys<R: RecordRow>(
        &self,
        keys: &[Key],
        columns: &Columns<R>,
    ) -> Result<HashMap<Uuid, Arc<R>>> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT ");
        columns.select(&mut sql, "t");
        if let [key] = keys {
            sql.push(" FROM ").push(R::TABLE).push(" t WHERE t.integration_id = ").bind(key.integration);
            sql.push(" AND t.id = ").bind(key.id);
        } else {
            sql.push(" FROM ").keys(keys).push(" CROSS JOIN ").push(R::TABLE);
            sql.push(" t WHERE t.integration_id = p.integration_id AND t.id = p.id");
        }
        let mut found = HashMap::with_capacity(keys.len());
        for row in self.0.database.rows(sql.statement()).await? {
            let record: R = columns.read(&row, 0)?;
            found.insert(record.id(), Arc::new(record));
        }
        Ok(found)
    }

    /// One page for each parent.
    pub(in crate::store) async fn pages_by_parent<R: RecordRow>(
        &self,
        parents: &[Key],
        link: Link,
        columns: &Columns<R>,
        listing: &Listing,
    ) -> Result<ByParent<Page<R>>> {
        if parents.is_empty() {
            return Ok(HashMap::new());
        }
        let Listing { filter, order, window } = listing;
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT ");
        if sql.backend() == DbBackend::Postgres {
            columns.select(&mut sql, "t");
            sql.push(", t.k, p.id FROM ").keys(parents).push(" CROSS JOIN LATERAL (SELECT ");
            columns.select(&mut sql, "t");
            sql.push(", ").push(&order.key.expression("t")).push(" AS k FROM ");
            linked::<R>(&mut sql, link, "t");
            filter.write(&mut sql, "t");
            within(&mut sql, "t", order, window);
            order_by(&mut sql, "t", order, window);
            sql.push(" LIMIT ").bind(limit(window)).push(") t");
            sql.push(" ORDER BY t.k").push(super::list::direction(order, window));
            sql.push(", t.id").push(super::list::direction(order, window));
        } else {
            // SQLite has no LATERAL: the inner query finds the ids by its index, once a parent.
            columns.select(&mut sql, "t");
            sql.push(", ").push(&order.key.expression("t")).push(" AS k, p.id FROM ").keys(parents);
            sql.push(" CROSS JOIN ").push(R::TABLE);
            sql.push(" t WHERE t.integration_id = p.integration_id AND t.id IN (SELECT s.id FROM ");
            linked::<R>(&mut sql, link, "s");
            filter.write(&mut sql, "s");
            within(&mut sql, "s", order, window);
            order_by(&mut sql, "s", order, window);
            sql.push(" LIMIT ").bind(limit(window)).push(")");
            order_by(&mut sql, "t", order, window);
        }
        let rows = self.0.database.rows(sql.statement()).await?;
        let mut by_parent: ByParent<Vec<Row<R>>> = HashMap::with_capacity(parents.len());
        for row in &rows {
            let parent: Uuid = row.try_get_by_index(columns.count() + 1)?;
            by_parent.entry(parent).or_default().push(read_row(row, columns, order.key)?);
        }
        Ok(parents
            .iter()
            .map(|parent| (parent.id, finish(by_parent.remove(&parent.id).unwrap_or_default(), window)))
            .collect())
    }

    pub(in crate::store) async fn counts_by_parent<R: RecordRow>(
        &self,
        parents: &[Key],
        link: Link,
        filter: &super::Filter,
    ) -> Result<ByParent<u64>> {
        if parents.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT p.id, (SELECT COUNT(*) FROM ");
        linked::<R>(&mut sql, link, "t");
        filter.write(&mut sql, "t");
        sql.push(") FROM ").keys(parents);
        let mut counts = HashMap::with_capacity(parents.len());
        for row in self.0.database.rows(sql.statement()).await? {
            let count: i64 = row.try_get_by_index(1)?;
            counts.insert(row.try_get_by_index(0)?, u64::try_from(count).unwrap_or(0));
        }
        Ok(counts)
    }

    /// All join rows of each parent, with the record on their far side. A row whose far side is not there is
    /// left out: it points to something that the vendor does not show.
    pub(in crate::store) async fn joined<J: RecordRow, T: RecordRow>(
        &self,
        parents: &[Key],
        join: Join,
        columns: &Columns<J>,
        far: &Columns<T>,
    ) -> Result<ByParent<Vec<(Arc<J>, Arc<T>)>>> {
        if parents.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT ");
        columns.select(&mut sql, "t");
        sql.push(", ");
        far.select(&mut sql, "f");
        sql.push(", p.id FROM ").keys(parents);
        if sql.backend() == DbBackend::Postgres {
            // OFFSET 0 keeps the planner from reading a whole table of join rows for one page of parents.
            sql.push(" CROSS JOIN LATERAL (SELECT t.* FROM ").push(J::TABLE);
            sql.push(&format!(" t WHERE t.integration_id = p.integration_id AND t.{} = p.id OFFSET 0) t", join.near));
            sql.push(" JOIN ").push(T::TABLE);
            sql.push(&format!(" f ON f.integration_id = t.integration_id AND f.id = t.{} ", join.far));
        } else {
            // SQLite reads tables in the order in which CROSS JOIN names them.
            sql.push(" CROSS JOIN ").push(J::TABLE).push(" t JOIN ").push(T::TABLE);
            sql.push(&format!(" f ON f.integration_id = t.integration_id AND f.id = t.{} ", join.far));
            sql.push(&format!("WHERE t.integration_id = p.integration_id AND t.{} = p.id ", join.near));
        }
        sql.push(&format!("ORDER BY {}, t.id", join.order));
        let mut by_parent: ByParent<Vec<(Arc<J>, Arc<T>)>> = HashMap::with_capacity(parents.len());
        for row in self.0.database.rows(sql.statement()).await? {
            let parent: Uuid = row.try_get_by_index(columns.count() + far.count())?;
            let pair = (Arc::new(columns.read(&row, 0)?), Arc::new(far.read(&row, columns.count())?));
            by_parent.entry(parent).or_default().push(pair);
        }
        Ok(by_parent)
    }

    pub(in crate::store) async fn payloads(&self, keys: &[Key]) -> Result<HashMap<Uuid, Arc<Payload>>> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT t.record_id, t.body FROM ").keys(keys);
        sql.push(" CROSS JOIN payloads t WHERE t.integration_id = p.integration_id AND t.record_id = p.id");
        let mut found = HashMap::with_capacity(keys.len());
        for row in self.0.database.rows(sql.statement()).await? {
            let body: Json<Payload> = row.try_get_by_index(1)?;
            found.insert(row.try_get_by_index(0)?, Arc::new(body.0));
        }
        Ok(found)
    }
}

/// `FROM … WHERE …` for the rows that hang on the parent `p`.
fn linked<R: RecordRow>(sql: &mut Sql, link: Link, t: &str) {
    match link {
        Link::Column(column) => {
            sql.push(R::TABLE)
                .push(&format!(" {t} WHERE {t}.integration_id = p.integration_id AND {t}.{column} = p.id"));
        }
        Link::Tagged => {
            sql.push(&format!("candidate_tags x JOIN {} {t} ON {t}.integration_id = x.integration_id ", R::TABLE));
            sql.push(&format!("AND {t}.id = x.candidate_id WHERE x.integration_id = p.integration_id "));
            sql.push("AND x.tag_id = p.id AND x.remote_deleted_at IS NULL");
        }
    }
}
