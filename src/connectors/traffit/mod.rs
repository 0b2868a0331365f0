//! TRAFFIT. How to connect it, its oddities and what must not break stand in `GUIDE.md` beside this file;
//! section numbers (§) in comments are those of its reference.

mod actions;
mod auth;
mod check;
mod client;
#[cfg(test)]
pub mod conformance;
mod fetch;
mod german;
mod gone;
mod manifest;
mod mapping;
mod paging;
mod read;
pub mod simulator;
mod webhooks;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use super::action::{Acted, Action, Fetched, Files, Found, Next, Passthrough, Step, Unacted};
use super::checks::Checks;
use super::connector::{Account, Children, Connector, OpenAccount, Page, ReadPage};
use super::error::{Error, ErrorKind};
use super::manifest::Manifest;
use super::vendor_http::{Answer, Settings, VendorHttp};
use super::webhook::{Delivery, Hints, Kept, Listed, Wanted};
use crate::domain::RecordType;
use auth::ApiClient;

#[derive(Debug, Clone, Copy, Default)]
pub struct Traffit;

#[async_trait]
impl Connector for Traffit {
    fn manifest(&self) -> &'static Manifest {
        &manifest::MANIFEST
    }

    fn open(&self, request: OpenAccount) -> Result<Account, Error> {
        let credentials = request.credentials;
        let subdomain = credentials.get("subdomain").trim().to_ascii_lowercase();
        let trusted = request.base_url.is_some();
        let root = request.base_url.unwrap_or_else(|| manifest::MANIFEST.base_url.to_owned());
        if root.contains("{subdomain}") && !is_dns_label(&subdomain) {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the subdomain is only the first part of the address of your TRAFFIT, e.g. acme in \
                 https://acme.traffit.com",
            ));
        }
        let secret = SecretString::from(credentials.get("clientSecret").trim());
        let http = VendorHttp::new(Settings {
            vendor: manifest::MANIFEST.name,
            base_url: root.replace("{subdomain}", &subdomain),
            trusted,
            limits: manifest::MANIFEST.limits,
            authenticator: Arc::new(ApiClient::new(credentials.get("clientId").trim().to_owned(), secret)),
            clock: request.clock,
        })?;
        let shows_within = manifest::MANIFEST.limits.shows_within;
        Ok(Account { ids: request.ids, credentials, http, shows_within })
    }

    async fn check(&self, account: &Account, checks: &mut Checks) {
        check::run(account, checks).await;
    }

    async fn read(&self, account: &Account, request: ReadPage<'_>) -> Result<Page, Error> {
        read::page(account, request).await
    }

    async fn children(&self, account: &Account, stream: &str, parents: &[String]) -> Result<Vec<Children>, Error> {
        match stream {
            "candidate_tags" => read::tags::of(account, parents).await,
            other => Err(Error::new(ErrorKind::Unsupported, format!("TRAFFIT has no stream {other}"))),
        }
    }

    async fn confirm_gone(
        &self,
        account: &Account,
        of: RecordType,
        remote_ids: &[String],
    ) -> Result<Vec<String>, Error> {
        gone::confirm(account, of, remote_ids).await
    }

    fn next(&self, action: &Action<'_>) -> Next {
        actions::next(action)
    }

    async fn act(
        &self,
        account: &Account,
        action: &Action<'_>,
        step: &Step,
        files: &dyn Files,
    ) -> Result<Acted, Unacted> {
        actions::act(account, action, step, files).await
    }

    async fn find(
        &self,
        account: &Account,
        action: &Action<'_>,
        step: &Step,
        files: &dyn Files,
    ) -> Result<Found, Error> {
        actions::find(account, action, step, files).await
    }

    async fn fetch(&self, account: &Account, wanted: &[(RecordType, String)]) -> Result<Fetched, Error> {
        fetch::records(account, wanted).await
    }

    async fn passthrough(&self, account: &Account, request: Passthrough) -> Result<Answer, Error> {
        actions::passthrough(account, request).await
    }

    async fn named_by_candidate(
        &self,
        account: &Account,
        candidate: &str,
        applications: &[String],
    ) -> Result<Vec<String>, Error> {
        gone::named_by_employee(account, candidate, applications).await
    }

    fn signing_key(&self, _account: &Account) -> Option<SecretString> {
        None
    }

    async fn subscribe(&self, account: &Account, wanted: &[Wanted]) -> Vec<Result<Option<String>, Error>> {
        webhooks::subscribe(account, wanted).await
    }

    async fn unsubscribe(&self, account: &Account, remote_ids: &[String]) -> Result<(), Error> {
        webhooks::unsubscribe(account, remote_ids).await
    }

    async fn subscriptions(&self, account: &Account) -> Result<Option<Vec<Listed>>, Error> {
        webhooks::subscriptions(account).await
    }

    fn verify(&self, delivery: &Delivery<'_>, kept: &Kept) -> bool {
        webhooks::verify(delivery, kept)
    }

    fn hints(&self, event: &str, body: &[u8]) -> Hints {
        webhooks::hints(event, body)
    }

    async fn changed_applications(
        &self,
        account: &Account,
        candidate: &str,
        known: &[String],
    ) -> Result<Vec<String>, Error> {
        gone::changed(account, candidate, known).await
    }

    fn moved_application(&self, application: &str, candidate: &str) -> Option<String> {
        webhooks::moved_application(application, candidate)
    }
}

fn is_dns_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests;
