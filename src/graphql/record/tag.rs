//! Tags, and which candidate has which.

use async_graphql::Result;

use super::{Candidate, Placed, record};
use crate::graphql::arguments::{self, PageArguments};
use crate::graphql::connection::{CandidateConnection, Paging};
use crate::graphql::reads::Total;
use crate::store::entity::{candidate, candidate_tag, tag};
use crate::store::page::SortKey;
use crate::store::{Error, Link};

record!(Tag of tag::Model, String, {
    async fn name(&self) -> Option<&str> {
        self.row.name.as_deref()
    }

    async fn candidates(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<CandidateConnection> {
        let key = SortKey::Id;
        let listing = arguments::plain(key, &PageArguments { first, after, last, before })?;
        let total = Total::Below(self.key(), Link::Tagged, listing.filter.clone());
        let page = Paging::Below(self.key(), Link::Tagged, listing.into());
        Ok(CandidateConnection { page, reads: self.reads.clone(), key, total })
    }
});

record!(CandidateTag of candidate_tag::Model, Option<String>, {
    async fn candidate(&self) -> Result<Candidate> {
        let found = self.reads.one::<candidate::Model>(self.to(Some(self.row.candidate_id))).await?;
        let found = found.ok_or(Error::Corrupt("a candidate tag without its candidate"))?;
        Ok(Candidate::new(found, self.reads.clone()))
    }

    async fn tag(&self) -> Result<Tag> {
        let found = self.reads.one::<tag::Model>(self.to(Some(self.row.tag_id))).await?;
        let found = found.ok_or(Error::Corrupt("a candidate tag without its tag"))?;
        Ok(Tag::new(found, self.reads.clone()))
    }
});
