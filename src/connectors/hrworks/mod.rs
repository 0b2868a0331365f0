//! HR WORKS. How to connect it, its oddities and what must not break stand in `GUIDE.md` beside this file;
//! section numbers (§) in comments are those of its reference, numbers of quirks those of the guide.

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
mod refusal;
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
use auth::KeyPair;

#[derive(Debug, Clone, Copy, Default)]
pub struct HrWorks;

#[async_trait]
impl Connector for HrWorks {
    fn manifest(&self) -> &'static Manifest {
        &manifest::MANIFEST
    }

    fn open(&self, request: OpenAccount) -> Result<Account, Error> {
        let credentials = request.credentials;
        let environment = credentials.get("environment").trim().to_ascii_lowercase();
        let hosted = match environment.as_str() {
            "" | "production" => manifest::PRODUCTION,
            "demo" => manifest::DEMO,
            _ => return Err(Error::new(ErrorKind::Invalid, "the environment is either production or demo")),
        };
        let trusted = request.base_url.is_some();
        let access_key = credentials.get("accessKey").trim().to_owned();
        let secret = SecretString::from(credentials.get("secretAccessKey").trim());
        let http = VendorHttp::new(Settings {
            vendor: manifest::MANIFEST.name,
            base_url: request.base_url.unwrap_or_else(|| hosted.to_owned()),
            trusted,
            limits: manifest::MANIFEST.limits,
            authenticator: Arc::new(KeyPair { access_key, secret }),
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

    async fn children(&self, _account: &Account, stream: &str, _parents: &[String]) -> Result<Vec<Children>, Error> {
        Err(read::no_stream(stream))
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
        gone::named_by_applicant(account, candidate, applications).await
    }

    fn signing_key(&self, account: &Account) -> Option<SecretString> {
        Some(webhooks::signing_key(account))
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
}

#[cfg(test)]
mod tests;
