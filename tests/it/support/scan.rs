//! Looks for texts in everything that a database holds, as its own catalogue lists it: a new table is looked at by
//! itself.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::TestApp;

impl TestApp {
    /// Where these texts stand, whatever their case: table and column, or file. Of SQLite also the bytes of its files,
    /// once nothing is left in them that no table holds.
    pub async fn traces(&self, texts: &[&str]) -> Vec<String> {
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        let mut traces = Vec::new();
        let columns = self.columns().await;
        assert!(columns.len() > 100, "the catalogue was not read: {columns:?}");
        for (table, column, is_bytes) in columns {
            for value in self.values(&table, &column, is_bytes).await {
                let found = texts.iter().filter(|text| holds(&value, text));
                traces.extend(found.map(|text| format!("{table}.{column}: {text}")));
            }
        }
        if self.store.connection().get_database_backend() == DbBackend::Sqlite {
            self.store.connection().execute_unprepared("VACUUM").await.unwrap();
            let checkpoint = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
            self.store.connection().query_all_raw(checkpoint).await.unwrap();
            traces.extend(self.traces_in_files(&texts));
        }
        traces.sort();
        traces.dedup();
        traces
    }

    fn traces_in_files(&self, texts: &[String]) -> Vec<String> {
        let path = self.database.url().trim_start_matches("sqlite://").to_owned();
        let mut traces = Vec::new();
        for end in ["", "-wal", "-shm"] {
            let Ok(bytes) = std::fs::read(format!("{path}{end}")) else { continue };
            assert!(!end.is_empty() || bytes.len() > 4096, "{path} was not read");
            let found = texts.iter().filter(|text| holds(&bytes, text));
            traces.extend(found.map(|text| format!("{end} file: {text}")));
        }
        traces
    }

    /// Table, column, and whether it holds bytes.
    async fn columns(&self) -> Vec<(String, String, bool)> {
        let connection = self.store.connection();
        let backend = connection.get_database_backend();
        let text = match backend {
            DbBackend::Postgres => {
                "SELECT format('%I.%I', c.table_schema, c.table_name), format('%I', c.column_name), \
                 CAST(c.data_type = 'bytea' AS int) FROM information_schema.columns c JOIN information_schema.tables t \
                 ON t.table_schema = c.table_schema AND t.table_name = c.table_name WHERE t.table_type = 'BASE TABLE' \
                 AND c.table_schema NOT IN ('pg_catalog', 'information_schema')"
            }
            _ => {
                "SELECT '\"' || m.name || '\"', '\"' || c.name || '\"', CAST(0 AS integer) FROM sqlite_master m \
                 JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table'"
            }
        };
        let rows = connection.query_all_raw(Statement::from_string(backend, text)).await.unwrap();
        let read = |row: &sea_orm::QueryResult| {
            let is_bytes: i32 = row.try_get_by_index(2).unwrap();
            (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap(), is_bytes == 1)
        };
        rows.iter().map(read).collect()
    }

    async fn values(&self, table: &str, column: &str, is_bytes: bool) -> Vec<Vec<u8>> {
        let connection = self.store.connection();
        let backend = connection.get_database_backend();
        let digits = match backend {
            DbBackend::Postgres if is_bytes => format!("encode({column}, 'hex')"),
            DbBackend::Postgres => format!("encode(convert_to({column}::text, 'UTF8'), 'hex')"),
            _ => format!("hex({column})"),
        };
        let text = format!("SELECT {digits} FROM {table} WHERE {column} IS NOT NULL");
        let rows = connection.query_all_raw(Statement::from_string(backend, text)).await.unwrap();
        let bytes = rows.iter().map(|row| {
            let digits: String = row.try_get_by_index(0).unwrap();
            let pairs = digits.as_bytes().chunks_exact(2);
            pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
        });
        bytes.collect()
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
}
