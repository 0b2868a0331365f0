//! The columns that a query reads: who the record is, and what was asked for.

use sea_orm::{IdenStatic, QueryResult};

use crate::store::Result;
use crate::store::entity::RecordRow;
use crate::store::sql::Sql;

#[derive(Debug, Clone)]
pub struct Columns<R: RecordRow>(Vec<R::Column>);

impl<R: RecordRow> Columns<R> {
    /// The identity, and these.
    pub fn of(wanted: impl IntoIterator<Item = R::Column>) -> Self {
        let mut columns = R::IDENTITY.to_vec();
        for column in wanted {
            if !columns.iter().any(|known| known.as_str() == column.as_str()) {
                columns.push(column);
            }
        }
        Self(columns)
    }

    /// Also what the order of a list needs.
    pub fn with(mut self, column: R::Column) -> Self {
        if !self.0.iter().any(|known| known.as_str() == column.as_str()) {
            self.0.push(column);
        }
        self
    }

    pub fn identity() -> Self {
        Self(R::IDENTITY.to_vec())
    }

    /// Every column of the table.
    pub fn all() -> Self {
        use sea_orm::Iterable;
        Self::of(R::Column::iter())
    }

    pub(in crate::store) fn select(&self, sql: &mut Sql, alias: &str) {
        for (index, column) in self.0.iter().enumerate() {
            sql.push(if index > 0 { ", " } else { "" }).push(alias).push(".").push(column.as_str());
        }
    }

    pub(in crate::store) fn count(&self) -> usize {
        self.0.len()
    }

    pub(in crate::store) fn read(&self, row: &QueryResult, first: usize) -> Result<R> {
        let mut record = R::default();
        for (index, column) in self.0.iter().enumerate() {
            record.set(*column, row, first + index)?;
        }
        Ok(record)
    }
}
