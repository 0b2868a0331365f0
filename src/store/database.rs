//! Connections. SQLite: one writer that begins its transactions at once, several readers beside it (WAL).
//! PostgreSQL: a pool for everything, and another for reads when there is a replica.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use super::{Error, Result};

#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite://…` or `postgres://…`.
    pub url: String,
    /// A PostgreSQL replica for queries.
    pub read_url: Option<String>,
    /// The PostgreSQL that is listened to, when `url` leads to a pool that hands its connections on between transactions.
    pub listen_url: Option<String>,
    /// The most connections to PostgreSQL, or readers of a SQLite file.
    pub connections: u32,
    /// So long work on an integration is left to its holder without a sign of life.
    pub lease: Duration,
}

/// Long enough for a holder that is only slow, short enough that nobody notices one that died.
pub const LEASE: Duration = Duration::from_secs(45);

impl Options {
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), read_url: None, listen_url: None, connections: 16, lease: LEASE }
    }
}

/// Whether the URL is one of an embedded database, which belongs to this process alone.
pub fn is_embedded(url: &str) -> bool {
    url.starts_with("sqlite:")
}

pub(super) struct Database {
    write: DatabaseConnection,
    read: DatabaseConnection,
    /// Whether reads have connections of their own.
    split: bool,
    statements: Statements,
}

/// How many connections a pool has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    pub name: &'static str,
    pub idle: usize,
    pub busy: usize,
}

tokio::task_local! {
    /// The statements of one request, for which [`counting`] was called.
    static OF_REQUEST: Arc<AtomicU64>;
}

/// Carries something out, and says how many statements it took.
pub async fn counting<T>(work: impl Future<Output = T>) -> (T, u64) {
    let count = Arc::new(AtomicU64::new(0));
    let done = OF_REQUEST.scope(count.clone(), work).await;
    (done, count.load(Ordering::Relaxed))
}

/// Work of the request that this is called in, for a task of its own.
pub fn counted_here<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let count = OF_REQUEST.try_with(Arc::clone).unwrap_or_default();
    OF_REQUEST.scope(count, work)
}

/// Counts statements; keeps their texts while somebody listens.
#[derive(Clone, Default)]
pub struct Statements(Arc<Seen>);

#[derive(Default)]
struct Seen {
    count: AtomicU64,
    texts: Mutex<Option<Vec<String>>>,
}

impl Statements {
    pub fn count(&self) -> u64 {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Keeps the texts of the statements from now on.
    pub fn listen(&self) {
        *self.0.texts.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// The texts since [`Statements::listen`], which ends.
    pub fn heard(&self) -> Vec<String> {
        self.0.texts.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    fn add(&self, text: &str) {
        // Work that no request asked for has no such count.
        let _ = OF_REQUEST.try_with(|count| count.fetch_add(1, Ordering::Relaxed));
        self.0.count.fetch_add(1, Ordering::Relaxed);
        if let Some(texts) = self.0.texts.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            texts.push(text.to_owned());
        }
    }
}

impl Database {
    pub async fn open(options: &Options) -> Result<Self> {
        let statements = Statements::default();
        let (mut write, read) = if is_embedded(&options.url) {
            let path = sqlite_path(&options.url);
            create_private(&path)?;
            let url = format!("sqlite://{path}");
            let write = sqlx_connect(sqlite(&url, 1)).await?;
            (write, Some(sqlx_connect(sqlite(&url, options.connections.clamp(1, 8))).await?))
        } else {
            let write = sqlx_connect(postgres(&options.url, options.connections)).await?;
            let read = match &options.read_url {
                Some(url) => Some(sqlx_connect(postgres(url, options.connections)).await?),
                None => None,
            };
            (write, read)
        };
        listen(&mut write, &statements);
        let split = read.is_some();
        let read = match read {
            Some(mut read) => {
                listen(&mut read, &statements);
                read
            }
            None => write.clone(),
        };
        Ok(Self { write, read, split, statements })
    }

    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// For single rows that must be fresh; on SQLite beside the writer.
    pub fn reader(&self) -> &DatabaseConnection {
        if self.backend() == DbBackend::Sqlite { &self.read } else { &self.write }
    }

    pub fn statements(&self) -> &Statements {
        &self.statements
    }

    /// A transaction that writes. On SQLite it takes the file's write lock at once, because a lock that is
    /// wanted later can be refused.
    pub async fn begin(&self) -> Result<DatabaseTransaction> {
        let mode = (self.backend() == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
        Ok(self
            .write
            .begin_with_options(TransactionOptions { sqlite_transaction_mode: mode, ..Default::default() })
            .await?)
    }

    pub async fn rows(&self, statement: Statement) -> Result<Vec<QueryResult>> {
        Ok(self.read.query_all_raw(statement).await?)
    }

    /// As [`Database::rows`], where a replica may lag too far.
    pub async fn fresh_rows(&self, statement: Statement) -> Result<Vec<QueryResult>> {
        Ok(self.reader().query_all_raw(statement).await?)
    }

    pub async fn execute(&self, statement: Statement) -> Result<ExecResult> {
        Ok(self.write.execute_raw(statement).await?)
    }

    pub async fn migrate(&self) -> Result<()> {
        if self.backend() == DbBackend::Postgres {
            return self.migrate_alone().await;
        }
        Migrator::up(&self.write, None).await?;
        super::statistics::tell(&self.write).await
    }

    /// Several processes may be told to migrate at once: one does, the others wait and find it done.
    async fn migrate_alone(&self) -> Result<()> {
        let lock = self.write.begin().await?;
        lock.execute_unprepared("SELECT pg_advisory_xact_lock(4862017331)").await?;
        Migrator::up(&self.write, None).await?;
        Ok(lock.commit().await?)
    }

    pub async fn is_current(&self) -> Result<bool> {
        let ours: Vec<_> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let Some(rows) = self.applied().await? else { return Ok(false) };
        let applied: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        Ok(ours.iter().all(|migration| applied.contains(migration)))
    }

    pub async fn is_empty(&self) -> Result<bool> {
        Ok(self.applied().await?.is_none())
    }

    /// The migrations that were applied; none when nobody ever migrated it.
    async fn applied(&self) -> Result<Option<Vec<QueryResult>>> {
        let known = "SELECT version FROM seaql_migrations ORDER BY version";
        match self.write.query_all_raw(Statement::from_string(self.backend(), known)).await {
            Ok(rows) => Ok(Some(rows)),
            // No such table.
            Err(_) if self.ping().await.is_ok() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What was erased may still lie in SQLite's log: it is brought into the file, and the log emptied. A reader that is
    /// under way can keep it from being emptied; the next time does.
    pub async fn forget_log(&self) -> Result<()> {
        if self.backend() == DbBackend::Sqlite {
            let checkpoint = Statement::from_string(DbBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
            self.write.query_all_raw(checkpoint).await?;
        }
        Ok(())
    }

    pub async fn ping(&self) -> Result<()> {
        self.write.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// The connections, by pool.
    pub fn pools(&self) -> Vec<Pool> {
        let read = self.split.then(|| pool("read", &self.read));
        [Some(pool("write", &self.write)), read].into_iter().flatten().collect()
    }

    pub async fn close(&self) {
        // An error here would only say that it is closed already.
        let _ = self.read.close_by_ref().await;
        let _ = self.write.close_by_ref().await;
    }
}

fn pool(name: &'static str, connection: &DatabaseConnection) -> Pool {
    let (size, idle) = match connection.get_database_backend() {
        DbBackend::Sqlite => {
            let pool = connection.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
        _ => {
            let pool = connection.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
    };
    Pool { name, idle, busy: usize::try_from(size).unwrap_or(0).saturating_sub(idle) }
}

async fn sqlx_connect(options: ConnectOptions) -> Result<DatabaseConnection> {
    Ok(sea_orm::Database::connect(options).await?)
}

fn listen(connection: &mut DatabaseConnection, statements: &Statements) {
    let statements = statements.clone();
    let counter = |failed| metrics::counter!("hiregraph_sql_statements_total", "failed" => failed);
    let (good, failed) = (counter("false"), counter("true"));
    let seconds = metrics::histogram!("hiregraph_sql_seconds");
    connection.set_metric_callback(move |info| {
        statements.add(&info.statement.sql);
        if info.failed {
            failed.increment(1);
        } else {
            good.increment(1);
        }
        seconds.record(info.elapsed);
    });
}

fn quiet(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).test_before_acquire(false);
    options
}

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    let mut options = quiet(url);
    options.max_connections(connections).min_connections(1).acquire_timeout(Duration::from_secs(60));
    // The writer's pages are used over and over by a sync; readers have the system's cache behind theirs.
    let cache = if connections == 1 { "-32000" } else { "-4000" };
    options.map_sqlx_sqlite_opts(move |options| {
        options
            .create_if_missing(true)
            .busy_timeout(Duration::from_secs(30))
            .foreign_keys(false)
            .statement_cache_capacity(256)
            .pragma("journal_mode", "WAL")
            // What was acknowledged survives a power failure; commits are made large enough to afford it.
            .pragma("synchronous", "FULL")
            .pragma("temp_store", "MEMORY")
            // What is erased is overwritten, and not only taken off the list.
            .pragma("secure_delete", "ON")
            .pragma("cache_size", cache)
    });
    options
}

fn postgres(url: &str, connections: u32) -> ConnectOptions {
    let mut options = quiet(url);
    options
        // Migrating holds a lock on one connection and works on another.
        .max_connections(connections.max(2))
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .idle_timeout(Duration::from_secs(300));
    options.map_sqlx_postgres_opts(|options| options.statement_cache_capacity(256).application_name("hiregraph"));
    options
}

fn sqlite_path(url: &str) -> String {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    path.split('?').next().unwrap_or(path).to_owned()
}

/// The file holds personal data: only its owner may read it.
fn create_private(path: &str) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| Error::Refused(format!("the database file {path} cannot be opened: {error}")))
}
