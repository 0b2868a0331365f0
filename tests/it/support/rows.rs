//! What lies in the tables themselves, beside what the graph says of it.

use std::collections::{BTreeMap, BTreeSet};

use hiregraph::store::entity::{
    action_file, application, application_stage, candidate, candidate_tag, change, hiring_team_member, job, job_stage,
    payload, tag, user,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Statement};
use uuid::Uuid;

use super::TestApp;

/// Calls `$call` for every record type with its module and its name in the change feed.
#[macro_export]
macro_rules! every_type {
    ($entity:ident, $name:ident => $call:block) => {
        $crate::every_type!(@ $entity, $name, $call, user "USER", application_stage "APPLICATION_STAGE", job "JOB",
            job_stage "JOB_STAGE", hiring_team_member "HIRING_TEAM_MEMBER", candidate "CANDIDATE", tag "TAG",
            candidate_tag "CANDIDATE_TAG", application "APPLICATION")
    };
    (@ $entity:ident, $name:ident, $call:block, $($module:ident $text:literal),+) => {
        $({ use $module as $entity; let $name = $text; $call })+
    };
}

impl TestApp {
    /// All records and payloads of an integration, without when they changed: equal for mirrors that say the same.
    pub async fn dump(&self, integration: &str) -> Vec<String> {
        let (id, connection) = (super::uuid_of(integration), self.store.connection());
        let mut dump = Vec::new();
        every_type!(entity, _name => {
            let found = entity::Entity::find().filter(entity::Column::IntegrationId.eq(id));
            for mut row in found.order_by_asc(entity::Column::Id).all(connection).await.unwrap() {
                row.changed_at = 0;
                dump.push(format!("{row:?}"));
            }
        });
        let payloads = payload::Entity::find().filter(payload::Column::IntegrationId.eq(id));
        let payloads = payloads.order_by_asc(payload::Column::RecordId).all(connection).await.unwrap();
        for row in payloads {
            let mut body = serde_json::to_value(&row.body).unwrap();
            for pointer in hiregraph::connectors::Registry::default().all().flat_map(|one| one.manifest().volatile) {
                if let Some(value) = body.pointer_mut(pointer) {
                    *value = serde_json::Value::Null;
                }
            }
            dump.push(format!("{} {} {body}", row.model, row.record_id));
        }
        dump
    }

    /// How many pieces of attachments there are.
    pub async fn kept_pieces(&self) -> u64 {
        action_file::Entity::find().count(self.store.connection()).await.unwrap()
    }

    /// An integration's part of the change feed, in order. Fails the test when a number is missing.
    pub async fn changes(&self, integration: &str) -> Vec<change::Model> {
        let found = change::Entity::find().filter(change::Column::IntegrationId.eq(super::uuid_of(integration)));
        let changes = found.order_by_asc(change::Column::Seq).all(self.store.connection()).await.unwrap();
        let all = change::Entity::find().order_by_asc(change::Column::Seq).all(self.store.connection()).await.unwrap();
        let numbers: Vec<i64> = all.iter().map(|change| change.seq).collect();
        let expected: Vec<i64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "the change feed has gaps");
        changes
    }

    /// By record type: remote id and when it changed, of every row.
    pub async fn changed_at(&self, integration: &str) -> BTreeMap<(&'static str, Uuid), i64> {
        let (id, connection) = (super::uuid_of(integration), self.store.connection());
        let mut all = BTreeMap::new();
        every_type!(entity, name => {
            let found = entity::Entity::find().filter(entity::Column::IntegrationId.eq(id));
            for row in found.all(connection).await.unwrap() {
                all.insert((name, row.id), row.changed_at);
            }
        });
        all
    }

    /// By id, the remote id of every record that has one.
    pub async fn remote_ids(&self, integration: &str) -> BTreeMap<Uuid, String> {
        let (id, connection) = (super::uuid_of(integration), self.store.connection());
        let mut all = BTreeMap::new();
        every_type!(entity, _name => {
            let found = entity::Entity::find().filter(entity::Column::IntegrationId.eq(id));
            let rows = found.all(connection).await.unwrap();
            all.extend(rows.into_iter().filter_map(|row| Some((row.id, row.remote_id?))));
        });
        all
    }

    /// The remote ids of records of a type that are there.
    pub async fn living(&self, integration: &str, model: &str) -> BTreeSet<String> {
        self.marked(integration, model, false).await
    }

    /// The remote ids of records of a type that are marked as deleted.
    pub async fn gone(&self, integration: &str, model: &str) -> BTreeSet<String> {
        self.marked(integration, model, true).await
    }

    async fn marked(&self, integration: &str, model: &str, deleted: bool) -> BTreeSet<String> {
        let (id, connection) = (super::uuid_of(integration), self.store.connection());
        let mut gone = BTreeSet::new();
        every_type!(entity, name => {
            if name == model {
                let found = entity::Entity::find().filter(entity::Column::IntegrationId.eq(id));
                let rows = found.all(connection).await.unwrap().into_iter();
                let rows = rows.filter(|row| row.remote_deleted_at.is_some() == deleted);
                gone.extend(rows.map(|row| row.remote_id.unwrap_or_else(|| row.id.to_string())));
            }
        });
        gone
    }

    /// Join records that are marked as deleted although what they belong to is not.
    pub async fn orphans(&self, integration: &str) -> Vec<String> {
        let mut orphans = Vec::new();
        for (join, parent, column) in [
            ("job_stages", "jobs", "job_id"),
            ("hiring_team_members", "jobs", "job_id"),
            ("candidate_tags", "candidates", "candidate_id"),
        ] {
            let text = format!(
                "SELECT COUNT(*) FROM {join} x JOIN {parent} p ON p.integration_id = x.integration_id AND p.id = x.{column} \
                 WHERE x.integration_id = $1 AND x.remote_deleted_at IS NOT NULL AND p.remote_deleted_at IS NULL"
            );
            let count = self.count(&text, super::uuid_of(integration)).await;
            if count > 0 {
                orphans.push(format!("{count} {join}"));
            }
        }
        orphans
    }

    /// What a statement counts whose one parameter is an integration.
    pub async fn count(&self, text: &str, integration: Uuid) -> i64 {
        let connection = self.store.connection();
        let statement = Statement::from_sql_and_values(connection.get_database_backend(), text, [integration.into()]);
        connection.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    /// Everything that stands in a table, as text.
    pub async fn dump_table(&self, table: &str) -> String {
        let connection = self.store.connection();
        let backend = connection.get_database_backend();
        let text = match backend {
            sea_orm::DbBackend::Postgres => format!("SELECT t::text FROM {table} t"),
            _ => {
                let columns =
                    format!("SELECT group_concat('quote(' || name || ')', ' || ') FROM pragma_table_info('{table}')");
                let row = connection.query_one_raw(Statement::from_string(backend, columns)).await.unwrap().unwrap();
                let columns: String = row.try_get_by_index(0).unwrap();
                format!("SELECT {columns} FROM {table}")
            }
        };
        let rows = connection.query_all_raw(Statement::from_string(backend, text)).await.unwrap();
        assert!(!rows.is_empty(), "{table} is empty");
        let rows = rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap());
        let text = rows.collect::<Vec<_>>().join("\n");
        // Bytes are shown as digits: what they spell is looked for as well.
        let bytes = text.split(|letter: char| !letter.is_ascii_hexdigit());
        let spelled = bytes.filter_map(|digits| {
            let pairs = digits.as_bytes().chunks_exact(2);
            let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
            Some(String::from_utf8_lossy(&bytes.collect::<Option<Vec<u8>>>()?).into_owned())
        });
        let spelled = spelled.collect::<Vec<_>>().join("\n");
        format!("{text}\n{spelled}")
    }

    /// The names of all tables of the database.
    pub async fn tables(&self) -> Vec<String> {
        let connection = self.store.connection();
        let backend = connection.get_database_backend();
        let text = match backend {
            sea_orm::DbBackend::Postgres => {
                "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            }
            _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1",
        };
        let rows = connection.query_all_raw(Statement::from_string(backend, text)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }
}
