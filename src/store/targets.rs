//! What the mirror knows of records that a vendor calls about.

use uuid::Uuid;

use super::sql::Sql;
use super::{Result, Store};

/// Whose applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationsOf {
    Candidate(Uuid),
    Job(Uuid),
}

impl Store {
    /// The remote ids of living applications.
    pub async fn applications_of(&self, integration: Uuid, of: ApplicationsOf) -> Result<Vec<String>> {
        let (column, id) = match of {
            ApplicationsOf::Candidate(id) => ("candidate_id", id),
            ApplicationsOf::Job(id) => ("job_id", id),
        };
        let mut sql = Sql::new(self.0.database.backend());
        sql.push("SELECT t.remote_id FROM applications t WHERE t.integration_id = ").bind(integration);
        sql.push(" AND t.").push(column).push(" = ").bind(id);
        sql.push(" AND t.remote_deleted_at IS NULL AND t.remote_id IS NOT NULL ORDER BY t.id");
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }
}
