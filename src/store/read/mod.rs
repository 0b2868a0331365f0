//! Reading records: one statement a list, one a relation for all parents at once, and only the columns that
//! were asked for.

mod batch;
mod columns;
mod filter;
mod list;

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::page::{Order, Position, SortKey, Window};

pub use columns::Columns;
pub use filter::{ApplicationFilter, CandidateFilter, Filter, JobFilter};

/// Where a row lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub integration: Uuid,
    pub id: Uuid,
}

/// One row of a list with its place in the order.
#[derive(Debug, Clone)]
pub struct Row<R> {
    pub position: Position,
    pub record: Arc<R>,
}

#[derive(Debug, Clone)]
pub struct Page<R> {
    pub rows: Vec<Row<R>>,
    pub has_next: bool,
    pub has_previous: bool,
}

impl<R> Default for Page<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), has_next: false, has_previous: false }
    }
}

/// What is wanted of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Listing {
    pub filter: Filter,
    pub order: Order,
    pub window: Window,
}

impl Listing {
    /// All of it, in the order of the ids: for lists that are short by nature.
    pub fn everything(include_deleted: bool) -> Self {
        Self {
            filter: Filter::Any { include_deleted },
            order: Order { key: SortKey::Id, descending: false },
            window: Window { limit: 100_000, backward: false, after: None, before: None },
        }
    }
}

/// How a list hangs on its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {
    /// Rows whose column holds the parent's id.
    Column(&'static str),
    /// Candidates that have the parent as a tag.
    Tagged,
}

/// How a join table lies between its two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Join {
    /// The column that names the parent.
    pub near: &'static str,
    /// The column that names the far side.
    pub far: &'static str,
    /// An expression over the join table `t` and the far side `f`.
    pub order: &'static str,
}

/// Rows by their parent's id.
pub type ByParent<T> = HashMap<Uuid, T>;

/// Appends what cuts a window out of a list of `t`.
pub(super) fn window(sql: &mut super::sql::Sql, order: &Order, window: &Window) {
    list::within(sql, "t", order, window);
    list::order_by(sql, "t", order, window);
    sql.push(" LIMIT ").bind(list::limit(window));
}

/// Cuts the row that was read beyond the limit, and puts a page that was read from its end in order.
pub(super) fn finish<R>(mut rows: Vec<Row<R>>, window: &Window) -> Page<R> {
    let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    if window.backward {
        rows.reverse();
        Page { rows, has_next: window.before.is_some(), has_previous: more }
    } else {
        Page { rows, has_next: more, has_previous: window.after.is_some() }
    }
}
