//! How HR WORKS's lists are walked: page numbers from 1, pages of a fixed size, and a `Link` header that
//! leads to the next page (§1.5). Nothing else ends a list, neither a short page nor a total.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Origin, Url};

use super::manifest::{DEMO, PRODUCTION};
use crate::connectors::error::Error;
use crate::connectors::vendor_http::Answer;

/// The page to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paging {
    pub page: u64,
}

impl Default for Paging {
    fn default() -> Self {
        Self { page: 1 }
    }
}

/// One page of a list.
#[derive(Debug)]
pub struct Listed {
    pub rows: Vec<Value>,
    pub next: Option<Paging>,
}

impl Paging {
    /// The page that `rel="next"` leads to. Only its number is taken from the link, so that no link can lead
    /// anywhere else; one to a foreign host, or back, is an error all the same.
    pub fn next(self, answer: &Answer, home: &Origin) -> Result<Option<Self>, Error> {
        let headers = answer.headers.get_all(http::header::LINK).iter();
        let Some(target) = headers.filter_map(|header| header.to_str().ok()).find_map(|text| target(text, "next"))
        else {
            return Ok(None);
        };
        let wrong = |expected| Err(Error::shape(&answer.endpoint, "rel=\"next\" of the Link header", expected));
        let base = Url::parse(&home.ascii_serialization()).ok();
        let Ok(url) = Url::options().base_url(base.as_ref()).parse(target) else { return wrong("a URL") };
        // Behind an operator's proxy the links still name the vendor's own hosts.
        let hosts = [PRODUCTION, DEMO].into_iter().filter_map(|host| Url::parse(host).ok());
        if url.origin() != *home && !hosts.into_iter().any(|host| host.origin() == url.origin()) {
            return wrong("a URL of the same host");
        }
        let page = url.query_pairs().filter(|(name, _)| name == "page").last();
        match page.and_then(|(_, number)| number.parse().ok()) {
            Some(page) if page > self.page => Ok(Some(Self { page })),
            Some(_) => wrong("a later page"),
            None => wrong("a URL with a page number"),
        }
    }
}

/// The URL of a relation in a `Link` header (RFC 8288). URLs may hold commas and semicolons, so they are cut
/// out by their angle brackets.
fn target<'a>(header: &'a str, relation: &str) -> Option<&'a str> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (url, after) = after.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or(after);
        let relations = parameters.split([';', ',']).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
        });
        if relations.is_some_and(|all| all.split_whitespace().any(|one| one.eq_ignore_ascii_case(relation))) {
            return Some(url);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn next(links: &[&str], at: u64) -> Result<Option<u64>, String> {
        let mut headers = HeaderMap::new();
        for link in links {
            headers.append("link", link.parse().unwrap());
        }
        let answer = Answer { status: StatusCode::OK, headers, body: Bytes::new(), endpoint: "/list".into() };
        let home = Url::parse("http://127.0.0.1:9/root/").unwrap().origin();
        let next = Paging { page: at }.next(&answer, &home).map_err(|error| error.public)?;
        Ok(next.map(|next| next.page))
    }

    #[test]
    fn only_the_next_relation_counts() {
        let cases: [(&[&str], Option<u64>); 11] = [
            (&[], None),
            (
                &[
                    "<http://127.0.0.1:9/v2/list?page=2>; rel=\"next\", <http://127.0.0.1:9/v2/list?page=7>; rel=\"last\"",
                ],
                Some(2),
            ),
            (
                &[
                    "<http://127.0.0.1:9/v2/list?page=7>; rel=\"last\", <http://127.0.0.1:9/v2/list?page=2>; rel=\"next\"",
                ],
                Some(2),
            ),
            (&["<http://127.0.0.1:9/v2/list?page=1>; rel=\"last\""], None),
            (&["<http://127.0.0.1:9/v2/list?posts=a,b;c&page=3>;rel=next"], Some(3)),
            (&["<http://127.0.0.1:9/v2/list/?page=2>; title=\"x\"; REL=\"last next\""], Some(2)),
            (&["</v2/list?page=2>; rel=\"next\""], Some(2)),
            (&["<?page=2>; rel=\"next\""], Some(2)),
            (&["<https://api.hrworks.de/v2/list?page=2>; rel=\"next\""], Some(2)),
            (
                &[
                    "<http://127.0.0.1:9/v2/list?page=7>; rel=\"last\"",
                    "<http://127.0.0.1:9/v2/list?page=2>; rel=\"next\"",
                ],
                Some(2),
            ),
            (&["nonsense"], None),
        ];
        for (links, expected) in cases {
            assert_eq!(next(links, 1), Ok(expected), "{links:?}");
        }
    }

    #[test]
    fn a_link_that_leads_elsewhere_or_back_is_an_error() {
        for (link, expected) in [
            ("<https://evil.example/v2/list?page=2>; rel=\"next\"", "a URL of the same host"),
            ("<http://127.0.0.1:10/v2/list?page=2>; rel=\"next\"", "a URL of the same host"),
            ("<http://127.0.0.1:9/v2/list>; rel=\"next\"", "a URL with a page number"),
            ("<http://127.0.0.1:9/v2/list?page=two>; rel=\"next\"", "a URL with a page number"),
            ("<http://127.0.0.1:9/v2/list?page=2>; rel=\"next\"", "a later page"),
            ("<http://[>; rel=\"next\"", "a URL"),
        ] {
            let message =
                format!("/list answered an unexpected shape: rel=\"next\" of the Link header is not {expected}");
            assert_eq!(next(&[link], 2), Err(message), "{link}");
        }
    }
}
