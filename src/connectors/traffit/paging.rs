//! Walking through TRAFFIT's pages, as a value that fits into a cursor (guide §1.6).
//!
//! The number of pages that TRAFFIT names is trusted; the length of a page means nothing. When the total
//! shrinks meanwhile, something was removed and rows may have moved to a page that was read already, so all
//! is read once more.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The largest page that TRAFFIT gives.
pub const PAGE_SIZE: u32 = 100;

/// Reads of a whole list, at most.
const PASSES: u8 = 2;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paging {
    /// The page to read, from 1.
    pub page: u32,
    pub pass: u8,
    /// The number of pages that was named last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pages: Option<u64>,
    /// The largest total named in this pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// Whether a total was smaller than one before it in this pass.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shrunk: bool,
    /// Stands for the rows of the page before; kept only without page headers, to notice a server that
    /// gives the same page for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
}

/// One page.
#[derive(Debug, Default)]
pub struct Listed {
    pub rows: Vec<Value>,
    /// `X-Result-Total-Count`: may count rows that are never given.
    pub total: Option<u64>,
    /// `X-Result-Total-Pages`, or what the other headers say of it.
    pub total_pages: Option<u64>,
}

impl Listed {
    pub fn new(rows: Vec<Value>, headers: &Headers) -> Self {
        // No pages at all cannot be true beside rows.
        let named = headers.total_pages.filter(|pages| *pages > 0 || rows.is_empty());
        let size = headers.page_size.filter(|size| *size > 0).unwrap_or(u64::from(PAGE_SIZE));
        let counted = || headers.total.map(|total| total.div_ceil(size)).filter(|pages| *pages > 0 || rows.is_empty());
        Self { total: headers.total, total_pages: named.or_else(counted), rows }
    }
}

/// What a page says of its list; each may be missing.
#[derive(Debug, Default)]
pub struct Headers {
    pub total: Option<u64>,
    pub total_pages: Option<u64>,
    /// The size that was used, which may be smaller than the one that was asked for.
    pub page_size: Option<u64>,
}

impl Default for Paging {
    fn default() -> Self {
        Self { page: 1, pass: 1, pages: None, total: None, shrunk: false, before: None }
    }
}

impl Paging {
    /// This page and those after it that are known to exist, to be asked for together.
    pub fn ahead(&self, at_most: usize) -> Vec<Self> {
        let last = self.pages.and_then(|pages| u32::try_from(pages).ok()).unwrap_or(self.page).max(self.page);
        (self.page..=last).take(at_most).map(|page| Self { page, ..self.clone() }).collect()
    }

    /// What to read after `listed`; none when all was read.
    pub fn next(&self, listed: &Listed) -> Option<Self> {
        let shrunk = self.shrunk || matches!((self.total, listed.total), (Some(before), Some(now)) if now < before);
        let before = listed.total_pages.is_none().then(|| fingerprint(&listed.rows));
        let done = match listed.total_pages {
            Some(pages) => u64::from(self.page) >= pages,
            None => listed.rows.is_empty() || before == self.before,
        };
        if !done {
            let total = self.total.max(listed.total);
            let (page, pages) = (self.page.checked_add(1)?, listed.total_pages);
            return Some(Self { page, pass: self.pass, pages, total, shrunk, before });
        }
        (shrunk && self.pass < PASSES).then(|| Self { pass: self.pass + 1, ..Self::default() })
    }
}

fn fingerprint(rows: &[Value]) -> String {
    let mut hasher = blake3::Hasher::new();
    for row in rows {
        hasher.update(row.get("id").unwrap_or(row).to_string().as_bytes());
        hasher.update(&[0]);
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The pages that are read when the server answers like this: (rows, total, pages) by call.
    fn walk(answers: &[(u64, Option<u64>, Option<u64>)]) -> Vec<(u8, u32)> {
        let mut paging = Paging::default();
        let mut read = Vec::new();
        for (call, (rows, total, total_pages)) in answers.iter().enumerate() {
            read.push((paging.pass, paging.page));
            let rows = (0..*rows).map(|row| json!({"id": 1000 * call as u64 + row})).collect();
            let listed = Listed { rows, total: *total, total_pages: *total_pages };
            let Some(next) = paging.next(&listed) else { return read };
            // A cursor is text between two calls.
            paging = serde_json::from_str(&serde_json::to_string(&next).unwrap()).unwrap();
        }
        panic!("asks for more than there is: {read:?}");
    }

    #[test]
    fn the_named_number_of_pages_is_read() {
        let some = Some;
        // Short pages in the middle, and a total that counts ghosts.
        assert_eq!(walk(&[(99, some(250), some(3)), (0, some(250), some(3)), (47, some(250), some(3))]).len(), 3);
        assert_eq!(walk(&[(0, some(0), some(0))]), [(1, 1)]);
        assert_eq!(walk(&[(100, some(100), some(1))]), [(1, 1)]);
        // The list grows meanwhile.
        assert_eq!(walk(&[(100, some(100), some(2)), (100, some(201), some(3)), (1, some(201), some(3))]).len(), 3);
    }

    #[test]
    fn pages_are_counted_from_the_other_headers_when_their_number_is_missing() {
        let listed = |rows: usize, total, total_pages, page_size| {
            Listed::new(vec![json!({}); rows], &Headers { total, total_pages, page_size }).total_pages
        };
        assert_eq!(listed(2, Some(250), Some(4), Some(50)), Some(4));
        assert_eq!(listed(2, Some(250), None, Some(50)), Some(5));
        assert_eq!(listed(2, Some(250), None, None), Some(3));
        assert_eq!(listed(2, None, None, Some(50)), None);
        // Rows where there should be none: nothing is known.
        assert_eq!((listed(2, Some(0), Some(0), None), listed(0, Some(0), Some(0), None)), (None, Some(0)));
    }

    #[test]
    fn pages_that_are_known_to_exist_can_be_asked_for_together() {
        let pages = |paging: &Paging| paging.ahead(4).iter().map(|paging| paging.page).collect::<Vec<_>>();
        let first = Paging::default();
        assert_eq!(pages(&first), [1]);
        let listed = |total_pages| Listed { rows: vec![json!({"id": 1})], total: None, total_pages };
        assert_eq!(pages(&first.next(&listed(Some(9))).unwrap()), [2, 3, 4, 5]);
        assert_eq!(pages(&first.next(&listed(Some(3))).unwrap()), [2, 3]);
        assert_eq!(pages(&first.next(&listed(None)).unwrap()), [2]);
    }

    #[test]
    fn without_headers_an_empty_page_ends_the_list() {
        assert_eq!(walk(&[(100, None, None), (3, None, None), (0, None, None)]).len(), 3);
    }

    #[test]
    fn without_headers_a_repeated_page_ends_the_list() {
        let listed = Listed { rows: vec![json!({"id": 1})], total: None, total_pages: None };
        let second = Paging::default().next(&listed).unwrap();
        assert_eq!(second.page, 2);
        assert_eq!(second.next(&listed), None);
    }

    #[test]
    fn a_shrinking_total_asks_for_one_more_pass() {
        let first = [(100, Some(250), Some(3)), (100, Some(249), Some(3)), (49, Some(249), Some(3))];
        let calm = [(100, Some(249), Some(3)), (100, Some(249), Some(3)), (49, Some(249), Some(3))];
        let read = walk(&[first, calm].concat());
        assert_eq!(read, [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]);
        // It shrinks again: two passes are all, and the last page may vanish with it.
        assert_eq!(walk(&[&first[..], &[(100, Some(200), Some(2)), (50, Some(150), Some(2))]].concat()).len(), 5);
    }
}
