//! Settings, read once from flags and the environment. Everything here is listed by `serve --help`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use secrecy::SecretString;

const MIB: u64 = 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Answers requests.
    Api,
    /// Does background work.
    Worker,
    /// Both.
    All,
}

impl Role {
    pub fn answers(self) -> bool {
        matches!(self, Self::Api | Self::All)
    }

    pub fn works(self) -> bool {
        matches!(self, Self::Worker | Self::All)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Introspection {
    On,
    /// Refused to callers without ADMIN.
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Args)]
pub struct Logs {
    /// Which events are logged: a tracing filter, e.g. `info,hiregraph=debug`
    #[arg(
        long = "log",
        env = "HIREGRAPH_LOG",
        default_value = "info,sea_orm=warn,sea_orm_migration=warn,graphile_worker=warn",
        global = true
    )]
    pub filter: String,
    /// How they are written, always to standard error
    #[arg(long = "log-format", env = "HIREGRAPH_LOG_FORMAT", default_value = "text", global = true)]
    pub format: LogFormat,
    /// Where traces are sent by OTLP over HTTP: the root below which `/v1/traces` lies
    #[arg(long = "otlp-endpoint", env = "OTEL_EXPORTER_OTLP_ENDPOINT", global = true)]
    pub traces: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct Database {
    /// Where everything is kept: `sqlite://<file>` or `postgres://…`
    #[arg(long, env = "HIREGRAPH_DATABASE_URL", default_value = "sqlite://hiregraph.db", hide_env_values = true)]
    pub database_url: String,
    /// A PostgreSQL read replica for queries
    #[arg(long, env = "HIREGRAPH_READ_DATABASE_URL", hide_env_values = true)]
    pub read_database_url: Option<String>,
    /// PostgreSQL without a pooler between that hands connections from one transaction to the next: for LISTEN and the
    /// queue of background work [default: the database URL]
    #[arg(long, env = "HIREGRAPH_LISTEN_DATABASE_URL", hide_env_values = true)]
    pub listen_database_url: Option<String>,
    /// The most connections to the database
    #[arg(long, env = "HIREGRAPH_DATABASE_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,
    /// Base64 of 32 bytes: seals vendor credentials. Several, separated by commas: the first seals, all open. With
    /// SQLite a missing key is made and kept beside the database file
    #[arg(long, env = "HIREGRAPH_SECRET_KEY", hide_env_values = true)]
    pub secret_key: Option<SecretString>,
}

#[derive(Debug, Clone, Args)]
pub struct Vendors {
    /// The root of TRAFFIT's paths, for tests, proxies and simulators; `{subdomain}` is replaced
    #[arg(long, env = "HIREGRAPH_TRAFFIT_BASE_URL")]
    pub traffit_base_url: Option<String>,
    /// The root of HR WORKS' paths, for tests, proxies and simulators
    #[arg(long, env = "HIREGRAPH_HRWORKS_BASE_URL")]
    pub hrworks_base_url: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// The address to listen on; port 0 picks a free one
    #[arg(long, env = "HIREGRAPH_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    #[arg(long, default_value = "all")]
    pub role: Role,
    /// Where vendors and end customers reach this service [default: http://<listen>]
    #[arg(long, env = "HIREGRAPH_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// `host:port` of private hosts that webhooks and attachment downloads may reach
    #[arg(long, env = "HIREGRAPH_ALLOWED_PRIVATE_HOSTS", value_delimiter = ',')]
    pub allowed_private_hosts: Vec<String>,
    /// Origins that may call `/graphql` from a browser
    #[arg(long, env = "HIREGRAPH_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,
    /// Whether callers without ADMIN may read the schema by a query
    #[arg(long, env = "HIREGRAPH_INTROSPECTION", default_value = "on")]
    pub introspection: Introspection,
    /// The most requests of one key in a second, in this process; 0: no limit
    #[arg(long, env = "HIREGRAPH_REQUESTS_PER_SECOND", default_value_t = 10_000)]
    pub requests_per_second: u32,
    /// A request is answered within so many seconds, or refused
    #[arg(long, env = "HIREGRAPH_REQUEST_TIMEOUT_SECONDS", default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub request_timeout_seconds: u64,
    /// A file with a JSON object of GraphQL documents by their SHA-256: callers without ADMIN may run these and no others
    #[arg(long, env = "HIREGRAPH_QUERY_ALLOWLIST")]
    pub query_allowlist: Option<PathBuf>,
    /// So long changes can be read in the change feed: an ISO 8601 duration
    #[arg(long, env = "HIREGRAPH_CHANGES_RETENTION", default_value = "P30D")]
    pub changes_retention: String,
    /// So long requests to and from vendors are kept in the request log: an ISO 8601 duration
    #[arg(long, env = "HIREGRAPH_REQUEST_LOG_RETENTION", default_value = "P30D")]
    pub request_log_retention: String,
    /// So long after its deletion at the vendor the fields of a record are kept: an ISO 8601 duration
    #[arg(long, env = "HIREGRAPH_DELETED_RETENTION", default_value = "P14D")]
    pub deleted_retention: String,
    /// So long after its end the input and the answers of a write are kept: an ISO 8601 duration
    #[arg(long, env = "HIREGRAPH_ACTIONS_RETENTION", default_value = "P30D")]
    pub actions_retention: String,
    /// The most subscriptions at once
    #[arg(long, env = "HIREGRAPH_SUBSCRIPTIONS", default_value_t = 1000)]
    pub subscriptions: usize,
    /// The most subscriptions of one key at once
    #[arg(long, env = "HIREGRAPH_SUBSCRIPTIONS_PER_KEY", default_value_t = 100)]
    pub subscriptions_per_key: usize,
    /// Queries that are carried out at once; more wait for a moment, and then are refused
    #[arg(long, env = "HIREGRAPH_QUERIES_AT_ONCE", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub queries_at_once: u32,
    /// Requests in hand at once, with those that wait for a vendor
    #[arg(long, env = "HIREGRAPH_REQUESTS_AT_ONCE", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub requests_at_once: u32,
    /// After so many seconds without a sign of life another process takes over what a worker was doing
    #[arg(long, env = "HIREGRAPH_TAKEOVER_SECONDS", default_value_t = 45, value_parser = clap::value_parser!(u64).range(3..=3600))]
    pub takeover_seconds: u64,
    /// A write whose answer was lost shows itself at the vendor within so many seconds, or it never arrived; in the
    /// place of each vendor's own time
    #[arg(long, env = "HIREGRAPH_SHOWS_WITHIN_SECONDS", hide = true, value_parser = clap::value_parser!(u64).range(..=3600))]
    pub shows_within_seconds: Option<u64>,
    /// The most bytes of one attachment
    #[arg(long, env = "HIREGRAPH_ATTACHMENT_MAX_BYTES", default_value_t = 25 * MIB, value_parser = clap::value_parser!(u64).range(1..=1024 * MIB))]
    pub attachment_max_bytes: u64,
    /// The most bytes of all attachments of one write
    #[arg(long, env = "HIREGRAPH_ATTACHMENTS_MAX_BYTES", default_value_t = 50 * MIB, value_parser = clap::value_parser!(u64).range(1..=1024 * MIB))]
    pub attachments_max_bytes: u64,
    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub vendors: Vendors,
}
