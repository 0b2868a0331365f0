//! Credentials lie sealed, open with the right key only, and go with their integration.

use hiregraph::store::{Keyring, Store};
use sea_orm::{ConnectionTrait, Statement};
use secrecy::SecretString;

use crate::on_both;
use crate::support::{Backend, TestApp, uuid_of};

on_both!(
    no_table_holds_a_credential_in_plain_text,
    a_wrong_key_is_found_before_it_is_needed,
    an_erased_integration_leaves_no_row,
);

const SECRETS: [&str; 3] = ["simulated-secret", "simulated/secret+access/key", "SimulatedAccessKey+/"];

async fn no_table_holds_a_credential_in_plain_text(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.connected("traffit").await;
    app.connected("hrworks").await;
    let connection = app.store.connection();
    for table in app.tables().await {
        // As text, whatever the columns' types: bytes as hexadecimal digits on PostgreSQL, so those too.
        let text = match backend {
            Backend::Postgres => format!("SELECT t::text FROM {table} t"),
            Backend::Sqlite => {
                let columns = format!(
                    "SELECT group_concat('coalesce(CAST(\"' || name || '\" AS TEXT), '''')', ' || ') FROM pragma_table_info('{table}')"
                );
                let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), columns));
                let columns: String = row.await.unwrap().unwrap().try_get_by_index(0).unwrap();
                format!("SELECT {columns} FROM {table}")
            }
        };
        let rows =
            connection.query_all_raw(Statement::from_string(connection.get_database_backend(), text)).await.unwrap();
        for row in rows {
            let Ok(text) = row.try_get_by_index::<String>(0) else { continue };
            for secret in SECRETS {
                let digits: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
                assert!(!text.contains(secret) && !text.contains(&digits), "{table} holds {secret}");
            }
        }
    }
    if backend == Backend::Sqlite {
        let path = app.database.url().trim_start_matches("sqlite://").to_owned();
        for end in ["", "-wal"] {
            let bytes = std::fs::read(format!("{path}{end}")).unwrap();
            for secret in SECRETS {
                assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{path}{end}");
            }
        }
    }
}

async fn a_wrong_key_is_found_before_it_is_needed(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.connected("traffit").await;
    app.store.check_seals().await.unwrap();
    let other = Keyring::fresh(&hiregraph::domain::clock::SeededIds::new(99));
    let store = Store::open(&app.database.options(), Keyring::parse(&other).unwrap()).await.unwrap();
    let error = store.check_seals().await.unwrap_err().to_string();
    assert!(error.contains("HIREGRAPH_SECRET_KEY"), "{error}");
    // With the old key behind the new one all open.
    let old = Keyring::fresh(&hiregraph::domain::clock::SeededIds::new(7));
    let both: SecretString = [&other, &old].map(secrecy::ExposeSecret::expose_secret).join(",").into();
    let store = Store::open(&app.database.options(), Keyring::parse(&both).unwrap()).await.unwrap();
    store.check_seals().await.unwrap();
}

async fn an_erased_integration_leaves_no_row(backend: Backend) {
    let app = TestApp::start(backend).await;
    let kept = app.connected("traffit").await;
    let id = app.connected("traffit").await;
    let field = "mutation($id: ID!) { setCustomField(input: {integrationId: $id, model: CANDIDATE, key: \"k\", \
                 source: \"/name\"}) { userErrors { code message } } }";
    app.ask(&app.admin, field, serde_json::json!({ "id": id })).await;
    // And with something waiting.
    let query = "mutation($id: ID!) { syncIntegration(input: {integrationId: $id}) { userErrors { code } } }";
    app.query_with(query, serde_json::json!({ "id": id })).await;
    let dump = app.dump(&kept).await;
    let query = "mutation($id: ID!) { deleteIntegration(id: $id) { userErrors { code } } }";
    app.query_with(query, serde_json::json!({ "id": id })).await;
    app.settle().await;
    let connection = app.store.connection();
    let mut looked_at = 0;
    for table in app.tables().await {
        let text = format!("SELECT * FROM {table} LIMIT 1");
        let row =
            connection.query_one_raw(Statement::from_string(connection.get_database_backend(), text)).await.unwrap();
        let columns = row.map_or_else(Vec::new, |row| row.column_names());
        let column = match table.as_str() {
            "integrations" => "id",
            _ if columns.iter().any(|name| name == "integration_id") => "integration_id",
            _ => continue,
        };
        looked_at += 1;
        let text = format!("SELECT COUNT(*) FROM {table} WHERE {column} = $1");
        // One word stays: that it was erased.
        let left = i64::from(table == "webhook_events");
        assert_eq!(app.count(&text, uuid_of(&id)).await, left, "{table}");
    }
    assert!(looked_at >= 14, "{looked_at} tables");
    assert_eq!(app.dump(&kept).await, dump, "others keep theirs");
}
