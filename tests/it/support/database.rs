//! A database of its own for every test: a file in a temporary folder, or a database on the server that
//! `scripts/with-postgres` starts.

use std::sync::atomic::{AtomicU32, Ordering};

use hiregraph::store::Options;
use sea_orm::{ConnectionTrait, Database};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

pub struct Fresh {
    url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Fresh {
    pub async fn make(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}/hiregraph.db", folder.path().display());
                Self { url, _folder: Some(folder) }
            }
            Backend::Postgres => Self { url: postgres(None).await, _folder: None },
        }
    }

    /// A copy, when nobody is at work on it.
    pub async fn copy(&self) -> Self {
        let Some(folder) = &self._folder else {
            return Self { url: postgres(self.url.rsplit_once('/').map(|(_, name)| name)).await, _folder: None };
        };
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        Self { url: format!("sqlite://{}/hiregraph.db", copy.path().display()), _folder: Some(copy) }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The tables of the queue, where the database is a shared one.
    pub async fn migrate_queue(&self) {
        if !hiregraph::store::is_embedded(&self.url) {
            hiregraph::queue::shared::migrate(&self.url).await.unwrap();
        }
    }

    pub fn options(&self) -> Options {
        Options { connections: 4, ..Options::new(&self.url) }
    }
}

/// The server goes away as a whole, so that its databases need no end of their own.
async fn postgres(copied: Option<&str>) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    #[expect(clippy::disallowed_methods, reason = "the one setting of the tests")]
    let server = std::env::var("HIREGRAPH_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!("no PostgreSQL: run `scripts/with-postgres cargo test`, or set HIREGRAPH_TEST_POSTGRES_URL")
    });
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let admin = Database::connect(&server).await.unwrap();
    // As far from SQLite's order of texts as may be, so that nothing relies on the collation of the database.
    let collation = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'".to_owned();
    let made = copied.map_or(collation, |known| format!("TEMPLATE {known}"));
    admin.execute_unprepared(&format!("CREATE DATABASE {name} {made}")).await.unwrap();
    admin.close().await.unwrap();
    let (root, _) = server.rsplit_once('/').unwrap();
    format!("{root}/{name}")
}
