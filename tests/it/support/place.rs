//! A database and simulated vendors that outlive the processes that work on them.

use std::sync::Arc;

use hiregraph::domain::Clock;
use hiregraph::domain::clock::SystemClock;
use serde_json::{Value, json};

use super::child::{Serving, run};
use super::database::{Backend, Fresh};
use super::vendors::{Size, Vendors};

pub const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

pub struct Place {
    pub database: Fresh,
    pub vendors: Vendors,
    /// Of an API key with the scope ADMIN.
    pub key: String,
    size: Size,
    more: Vec<(&'static str, String)>,
}

impl Place {
    pub async fn new(backend: Backend, size: Size) -> Self {
        let mut place = Self::at(Fresh::make(backend).await, size).await;
        place.command(&["migrate"]).await;
        place.key = place.command(&["keys", "create", "--name", "t", "--scopes", "ADMIN"]).await.trim().to_owned();
        place
    }

    /// A copy of the database, and vendors as they were at the beginning.
    pub async fn copy(&self) -> Self {
        let copy = Self::at(self.database.copy().await, self.size).await;
        Self { key: self.key.clone(), more: self.more.clone(), ..copy }
    }

    async fn at(database: Fresh, size: Size) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let vendors = Vendors::start(&clock, size).await;
        Self { database, vendors, key: String::new(), size, more: Vec::new() }
    }

    /// What its processes are told besides.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.more.push((name, value.into()));
    }

    fn settings(&self) -> Vec<(String, String)> {
        let mut settings = vec![
            ("HIREGRAPH_DATABASE_URL".to_owned(), self.database.url().to_owned()),
            ("HIREGRAPH_SECRET_KEY".to_owned(), KEY.to_owned()),
            ("HIREGRAPH_TAKEOVER_SECONDS".to_owned(), "3".to_owned()),
        ];
        let urls = self.vendors.base_urls();
        settings
            .extend(urls.into_iter().map(|(slug, url)| (format!("HIREGRAPH_{}_BASE_URL", slug.to_uppercase()), url)));
        settings.extend(self.more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        settings
    }

    pub async fn command(&self, arguments: &[&str]) -> String {
        let settings = self.settings();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        run(arguments, &settings).await.printed()
    }

    pub async fn serve(&self) -> Serving {
        self.serve_as("all").await
    }

    pub async fn serve_as(&self, role: &str) -> Serving {
        let settings = self.settings();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Serving::start(&[&SERVE[..], &["--role", role]].concat(), &settings).await
    }

    pub async fn connect_by(&self, serving: &Serving, connector: &str) -> String {
        let input = json!({
            "connector": connector,
            "endUser": { "organizationName": "Acme" },
            "credentials": self.vendors.credentials(connector),
        });
        let query = "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) \
                     { integration { id } userErrors { message } } }";
        let payload = serving.query(&self.key, query, json!({ "input": input })).await["createIntegration"].take();
        payload["integration"]["id"].as_str().unwrap_or_else(|| panic!("{payload:#}")).to_owned()
    }

    /// Connects an account by a process that does no background work, so that its first sync waits.
    pub async fn connect(&self, connector: &str) -> String {
        let serving = self.serve_as("api").await;
        let id = self.connect_by(&serving, connector).await;
        assert_eq!(serving.told("TERM").await, (Some(0), String::new()));
        id
    }

    pub async fn query(&self, serving: &Serving, query: &str, variables: Value) -> Value {
        serving.query(&self.key, query, variables).await
    }
}
