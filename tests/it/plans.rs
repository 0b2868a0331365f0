//! SQLite finds what belongs to a record by the record's index, from the first row on: its planner is told how the
//! tables look when they are large.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::support::{Backend, TestApp};

#[tokio::test]
async fn relations_are_searched_by_their_own_index() {
    let app = TestApp::start(Backend::Sqlite).await;
    let parents = "(SELECT unhex(substr(value, 1, 32)) AS integration_id, unhex(substr(value, 33)) AS id FROM json_each('[]')) AS p";
    for (table, column, index) in [
        ("candidate_tags", "candidate_id", "candidate_tags_by_candidate"),
        ("candidate_tags", "tag_id", "candidate_tags_by_tag"),
        ("job_stages", "job_id", "job_stages_by_job"),
        ("hiring_team_members", "job_id", "hiring_team_members_by_job"),
        ("applications", "job_id", "applications_by_job"),
        ("applications", "candidate_id", "applications_by_candidate"),
    ] {
        let query = format!(
            "EXPLAIN QUERY PLAN SELECT t.* FROM {parents} CROSS JOIN {table} t WHERE t.integration_id = p.integration_id \
             AND t.{column} = p.id AND t.remote_deleted_at IS NULL"
        );
        let rows =
            app.store.connection().query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
        assert!(plan.iter().any(|step| step.contains(index)), "{table} by {column}: {plan:?}");
    }
}
