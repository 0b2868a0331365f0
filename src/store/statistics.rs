//! What SQLite's planner believes of our indexes. Without statistics it takes a search by the integration alone for a
//! good one, and reads every row of an integration for each parent of a relation. `ANALYZE` would tell it only after
//! the first sync, which is what needs it most: so it is told beforehand how the tables look when they are large.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use super::Result;

/// Rows of a table, and of one integration in it.
const ROWS: u32 = 1_000_000;
const OF_ONE: u32 = 100_000;
/// Rows that share all but the last column of an index.
const ALIKE: u32 = 8;

/// Writes the statistics, unless they are there. Connections that are open read them with the schema's next change,
/// which is part of it.
pub async fn tell(connection: &DatabaseConnection) -> Result<()> {
    let rows = |sql: &str| connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql));
    let known = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'";
    if !rows(known).await?.is_empty() && !rows("SELECT 1 FROM sqlite_stat1 LIMIT 1").await?.is_empty() {
        return Ok(());
    }
    // Makes the table, also of empty ones.
    connection.execute_unprepared("ANALYZE").await?;
    connection.execute_unprepared("DELETE FROM sqlite_stat1").await?;
    // The tree of a table without row ids goes by the table's name.
    let indexes = "SELECT m.name, CASE WHEN l.origin = 'pk' AND m.sql LIKE '%WITHOUT ROWID%' THEN m.name ELSE l.name END, \
                   (SELECT COUNT(*) FROM pragma_index_info(l.name)) FROM sqlite_master m JOIN pragma_index_list(m.name) l \
                   WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'seaql_%' AND \
                   (SELECT name FROM pragma_index_info(l.name) WHERE seqno = 0) = 'integration_id'";
    for row in rows(indexes).await? {
        let (table, index, columns): (String, String, i64) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        let mut statistics = format!("{ROWS} {OF_ONE}");
        for column in 2..=columns {
            statistics += &format!(" {}", if column == columns { 1 } else { ALIKE });
        }
        let insert = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)";
        let values = [table.into(), index.into(), statistics.into()];
        connection.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, insert, values)).await?;
    }
    connection.execute_unprepared("CREATE TABLE statistics_told (told)").await?;
    connection.execute_unprepared("DROP TABLE statistics_told").await?;
    // This connection made the change itself, and reads them only when asked to.
    connection.execute_unprepared("ANALYZE sqlite_schema").await?;
    Ok(())
}
