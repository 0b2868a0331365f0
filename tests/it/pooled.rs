//! Behind a pooler that hands its connections to PostgreSQL from one transaction to the next: everything works, with a
//! connection of its own for what must stay.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::support::Backend;
use crate::support::place::Place;
use crate::support::vendors::Size;

/// PgBouncer in a folder of its own; ends with its handle.
struct Pooler {
    url: String,
    _child: Child,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// Before the server of this URL, with few connections, so that they are handed around.
    async fn start(url: &str) -> Self {
        let binary = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/pgbouncer");
        assert!(binary.exists(), "no PgBouncer: run scripts/install-tools");
        let server = url::Url::parse(url).unwrap();
        let folder = tempfile::tempdir().unwrap();
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let name = server.path().trim_start_matches('/');
        let password = server.password().map(|password| format!(" password={password}")).unwrap_or_default();
        let config = format!(
            "[databases]\n{name} = host={} port={} user={}{password}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n\
             max_prepared_statements = 200\nignore_startup_parameters = extra_float_digits\nunix_socket_dir =\nlogfile =\npidfile =\n",
            server.host_str().unwrap(),
            server.port().unwrap(),
            server.username(),
        );
        let path = folder.path().join("pgbouncer.ini");
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new(&binary);
        command.arg("-q").arg(&path).kill_on_drop(true);
        if is_root() {
            // It refuses to run as root.
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(folder.path(), open).unwrap();
            command.as_std_mut().uid(65534).gid(65534);
        }
        let child = command.spawn().unwrap();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::task::yield_now().await;
        }
        let mut pooled = server.clone();
        pooled.set_port(Some(port)).unwrap();
        Self { url: pooled.to_string(), _child: child, _folder: folder }
    }
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

#[tokio::test]
async fn everything_works_behind_a_pooler_by_transaction() {
    let mut place = Place::new(Backend::Postgres, Size { candidates: 60, jobs: 4 }).await;
    let pooler = Pooler::start(place.database.url()).await;
    place.set("HIREGRAPH_LISTEN_DATABASE_URL", place.database.url().to_owned());
    place.set("HIREGRAPH_DATABASE_URL", pooler.url.as_str());
    let api = place.serve_as("api").await;
    let mut workers = [place.serve_as("worker").await, place.serve_as("worker").await];
    for connector in ["traffit", "hrworks"] {
        let id = place.connect_by(&api, connector).await;
        let query = "query($id: ID!) { integration(id: $id) { state lastSync { state } models { model count } \
                     applications(first: 5) { totalCount nodes { id candidate { lastName tags { tag { name } } } job { name } } } } }";
        let shown = loop {
            let shown = place.query(&api, query, json!({"id": id})).await["integration"].take();
            if shown["state"] == "ACTIVE" {
                break shown;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(shown["lastSync"]["state"], "SUCCEEDED");
        for (of, ids) in place.vendors.remote_ids(connector) {
            assert_eq!(crate::support::model(&shown, of)["count"], ids.len(), "{connector} {of}");
        }
        let note = "mutation($id: ID!) { addNoteToApplication(input: {applicationId: $id, content: \"Hello\", \
                    wait: \"PT60S\"}) { action { state } userErrors { code } } }";
        let application = &shown["applications"]["nodes"][0]["id"];
        let payload = place.query(&api, note, json!({"id": application})).await["addNoteToApplication"].take();
        assert_eq!(payload, json!({"action": {"state": "SUCCEEDED"}, "userErrors": []}));
    }
    // Many at once, over three connections.
    let query = "{ jobs(first: 20) { nodes { name applications(first: 10) { nodes { candidate { lastName } } } } } }";
    let answers = futures::future::join_all((0..40).map(|_| place.query(&api, query, Value::Null))).await;
    assert!(
        answers.iter().all(|answer| *answer == answers[0] && !answer["jobs"]["nodes"].as_array().unwrap().is_empty())
    );
    for worker in &mut workers {
        worker.logged("listening").await;
    }
}
