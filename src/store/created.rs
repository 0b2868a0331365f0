//! Records that were created through us, and integrations that mirror nothing else of candidates and applications.

use std::collections::HashSet;

use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use uuid::Uuid;

use super::entity::created_record;
use super::read::Key;
use super::sql::Sql;
use super::{Result, Store};
use crate::domain::RecordType;

/// The record types that such an integration mirrors only when they were created through us.
pub const NARROWED: [RecordType; 2] = [RecordType::Candidate, RecordType::Application];

impl Store {
    pub async fn note_created(&self, integration: Uuid, created: &[(RecordType, Uuid)]) -> Result<()> {
        if created.is_empty() {
            return Ok(());
        }
        let rows = created.iter().map(|(of, id)| created_record::ActiveModel {
            integration_id: Set(integration),
            record_id: Set(*id),
            model: Set(of.as_str().to_owned()),
        });
        let insert = created_record::Entity::insert_many(rows).on_conflict_do_nothing();
        insert.exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Those of `ids` that were created through us.
    pub async fn created_among(&self, integration: Uuid, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
        let mut created = HashSet::new();
        for some in ids.chunks(5000) {
            let keys: Vec<Key> = some.iter().map(|id| Key { integration, id: *id }).collect();
            let mut sql = Sql::new(self.0.database.backend());
            sql.push("SELECT t.record_id FROM ").keys(&keys).push(" CROSS JOIN created_records t ");
            sql.push("WHERE t.integration_id = p.integration_id AND t.record_id = p.id");
            for row in self.0.database.fresh_rows(sql.statement()).await? {
                created.insert(row.try_get_by_index(0)?);
            }
        }
        Ok(created)
    }

    /// Erases the candidates and applications that were not created through us, with all that hangs on them.
    pub async fn erase_not_created(&self, integration: Uuid) -> Result<()> {
        const NOT_CREATED: &str = "NOT IN (SELECT record_id FROM created_records WHERE integration_id = ";
        let tx = self.0.database.begin().await?;
        let mut run = Vec::new();
        for (table, column) in [("candidate_tags", "candidate_id"), ("candidates", "id"), ("applications", "id")] {
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push(&format!("DELETE FROM {table} WHERE integration_id = ")).bind(integration);
            sql.push(&format!(" AND {column} {NOT_CREATED}")).bind(integration).push(")");
            run.push(sql);
        }
        let narrowed: Vec<String> = NARROWED.iter().map(|of| of.as_str().to_owned()).collect();
        for (table, column) in [("payloads", "record_id"), ("changes", "record_id")] {
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push(&format!("DELETE FROM {table} WHERE integration_id = ")).bind(integration).push(" AND ");
            sql.one_of("model", &narrowed).push(&format!(" AND {column} {NOT_CREATED}")).bind(integration).push(")");
            run.push(sql);
        }
        let mut sql = Sql::new(tx.get_database_backend());
        sql.push("DELETE FROM due_children WHERE integration_id = ").bind(integration);
        run.push(sql);
        for sql in run {
            tx.execute_raw(sql.statement()).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
