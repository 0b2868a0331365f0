//! Credentials lie sealed, open with the right key only, are sealed anew with another while others work, and go with
//! their integration.

use hiregraph::store::{Keyring, Store};
use sea_orm::{ConnectionTrait, Statement};
use secrecy::SecretString;

use crate::on_both;
use crate::support::child::run;
use crate::support::place::{KEY, Place, SERVE};
use crate::support::receiver::Receiver;
use crate::support::vendors::Size;
use crate::support::{Backend, TestApp, uuid_of};

on_both!(
    no_table_holds_a_credential_in_plain_text,
    a_wrong_key_is_found_before_it_is_needed,
    every_kind_of_secret_is_found_by_its_key,
    secrets_are_sealed_anew_while_a_process_serves,
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

/// Where something lies sealed.
const SEALED: [(&str, &str); 4] = [
    ("integrations", "credentials"),
    ("vendor_subscriptions", "signing_key"),
    ("webhook_endpoints", "secret"),
    ("webhook_endpoints", "previous_secret"),
];

/// Makes a secret of every kind: an account that signs its webhooks, and an endpoint whose secret was changed.
const MAKE: &str = "mutation($u: URL!) { createWebhookEndpoint(input: {url: $u, events: [INTEGRATION_STATE_CHANGED]}) \
                    { secret endpoint { id } userErrors { message } } }";
const CHANGE: &str = "mutation($id: ID!) { updateWebhookEndpoint(input: {id: $id, rotateSecret: true}) { secret } }";

async fn every_kind_of_secret_is_found_by_its_key(backend: Backend) {
    let app = TestApp::start(backend).await;
    app.connected("hrworks").await;
    let hook = app.hooked().await;
    app.query_with(CHANGE, serde_json::json!({ "id": hook })).await;
    let connection = app.store.connection();
    let run = async |text: String| {
        let statement = Statement::from_string(connection.get_database_backend(), text);
        connection.execute_raw(statement).await.unwrap().rows_affected()
    };
    for (table, column) in SEALED {
        app.store.check_seals().await.unwrap();
        // As if another key had sealed it.
        let kept = format!("CREATE TABLE kept_{column} AS SELECT {column} FROM {table} WHERE {column} IS NOT NULL");
        run(kept).await;
        let zeros = match backend {
            Backend::Postgres => {
                format!("substr({column}, 1, 1) || decode('0000000000000000', 'hex') || substr({column}, 10)")
            }
            Backend::Sqlite => {
                format!("unhex(hex(substr({column}, 1, 1)) || '0000000000000000' || hex(substr({column}, 10)))")
            }
        };
        assert!(run(format!("UPDATE {table} SET {column} = {zeros} WHERE {column} IS NOT NULL")).await > 0, "{column}");
        let error = app.store.check_seals().await.unwrap_err().to_string();
        assert!(error.contains("HIREGRAPH_SECRET_KEY does not hold"), "{column}: {error}");
        assert!(app.store.seal_anew(app.ids.as_ref()).await.is_err());
        run(format!(
            "UPDATE {table} SET {column} = (SELECT k.{column} FROM kept_{column} k WHERE substr(k.{column}, 10) = \
             substr({table}.{column}, 10)) WHERE {column} IS NOT NULL"
        ))
        .await;
        run(format!("DROP TABLE kept_{column}")).await;
    }
    app.store.check_seals().await.unwrap();
    assert_eq!(app.store.seal_anew(app.ids.as_ref()).await.unwrap(), 0, "all is sealed by the first key already");
}

const NEW: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

async fn secrets_are_sealed_anew_while_a_process_serves(backend: Backend) {
    let receiver = Receiver::start().await;
    let mut place = Place::new(backend, Size { candidates: 12, jobs: 3 }).await;
    place.set("HIREGRAPH_ALLOWED_PRIVATE_HOSTS", receiver.address.to_string());
    let both = format!("{NEW},{KEY}");
    let id = place.connect("hrworks").await;
    let url = place.database.url().to_owned();
    let settings = |key: &str| {
        [("HIREGRAPH_DATABASE_URL".to_owned(), url.clone()), ("HIREGRAPH_SECRET_KEY".to_owned(), key.to_owned())]
    };
    let rotate = async |key: &str| {
        let settings = settings(key);
        let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        run(&["secrets", "rotate"], &settings).await
    };
    let serving = place.serve().await;
    let made = place.query(&serving, MAKE, serde_json::json!({ "u": receiver.url("/a") })).await;
    let hook = &made["createWebhookEndpoint"]["endpoint"]["id"];
    let changed = place.query(&serving, CHANGE, serde_json::json!({ "id": hook })).await;
    let secret = changed["updateWebhookEndpoint"]["secret"].as_str().unwrap().to_owned();
    assert_eq!(serving.told("TERM").await.0, Some(0));
    // Whoever lacks the key changes nothing.
    let refused = rotate(NEW).await.refused();
    assert!(refused.contains("HIREGRAPH_SECRET_KEY does not hold"), "{refused}");
    place.set("HIREGRAPH_SECRET_KEY", both.clone());
    let mut serving = place.serve().await;
    let printed = rotate(&both).await.printed();
    let count: usize = printed.split(' ').next().unwrap().parse().unwrap();
    assert!(count >= 4, "credentials, subscriptions, and two secrets of an endpoint: {printed}");
    assert!(rotate(&both).await.printed().starts_with("0 secrets"));
    // The one that serves goes on: it syncs, and signs with the endpoint's secret.
    let sync = "mutation($id: ID!) { syncIntegration(input: {integrationId: $id}) { userErrors { code } } }";
    place.query(&serving, sync, serde_json::json!({ "id": id })).await;
    serving.logs("the end of a sync", |line| line.contains("sync ended") && line.contains("SUCCEEDED")).await;
    let pause = "mutation($id: ID!) { updateIntegration(input: {id: $id, paused: true}) { userErrors { code } } }";
    place.query(&serving, pause, serde_json::json!({ "id": id })).await;
    receiver.until("/a", |told| told.iter().any(|told| told.body["data"]["to"] == "PAUSED")).await;
    let told = receiver.told("/a").pop().unwrap();
    standardwebhooks::Webhook::new(&secret).unwrap().verify(&told.raw, &told.headers).unwrap();
    assert_eq!(serving.told("TERM").await.0, Some(0));
    // From now on the new key alone is enough, and the old one opens nothing.
    place.set("HIREGRAPH_SECRET_KEY", NEW);
    assert_eq!(place.serve().await.told("TERM").await.0, Some(0));
    let settings = settings(KEY);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let error = run(&SERVE, &settings).await.refused();
    assert!(error.contains("HIREGRAPH_SECRET_KEY does not hold"), "{error}");
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
