//! All that lies sealed: whether it can be opened, and sealing it anew with another key. What is sealed anywhere has
//! its line here.

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::seal::HEAD;
use super::sql::Sql;
use super::{Result, Store};
use crate::domain::Ids;

/// A column of sealed secrets.
struct Sealed {
    table: &'static str,
    column: &'static str,
    /// The column whose id the secrets are sealed with; the first of the primary key.
    of: &'static str,
    /// The rest of the primary key.
    rest: Option<&'static str>,
}

const SEALED: [Sealed; 4] = [
    Sealed { table: "integrations", column: "credentials", of: "id", rest: None },
    Sealed { table: "vendor_subscriptions", column: "signing_key", of: "integration_id", rest: Some("id") },
    Sealed { table: "webhook_endpoints", column: "secret", of: "id", rest: None },
    Sealed { table: "webhook_endpoints", column: "previous_secret", of: "id", rest: None },
];

/// Secrets that are sealed anew in one transaction.
const PORTION: i64 = 50;

impl Store {
    /// Opens one secret of each key that sealed any: so a missing key is found before it is needed.
    pub async fn check_seals(&self) -> Result<()> {
        let mut sql = Sql::new(self.0.database.backend());
        // A seal begins with its version and the id of its key.
        sql.push("SELECT holder, sealed FROM (SELECT holder, sealed, ROW_NUMBER() OVER (PARTITION BY ");
        sql.push(&format!("substr(sealed, 1, {HEAD}) ORDER BY holder) AS nth FROM ("));
        for (index, Sealed { table, column, of, .. }) in SEALED.iter().enumerate() {
            sql.push(if index > 0 { " UNION ALL " } else { "" });
            sql.push(&format!("SELECT {of} AS holder, {column} AS sealed FROM {table} WHERE {column} IS NOT NULL"));
        }
        sql.push(") AS secrets) AS numbered WHERE nth = 1");
        for row in self.0.database.fresh_rows(sql.statement()).await? {
            let sealed: Vec<u8> = row.try_get_by_index(1)?;
            self.0.keyring.open(&sealed, row.try_get_by_index(0)?)?;
        }
        Ok(())
    }

    /// Seals everything anew that another key than the first sealed, while others work. Returns how many secrets.
    pub async fn seal_anew(&self, ids: &dyn Ids) -> Result<u64> {
        let mut count = 0;
        for sealed in &SEALED {
            loop {
                let (found, changed) = self.seal_portion(sealed, ids).await?;
                count += changed;
                if !found {
                    break;
                }
            }
        }
        Ok(count)
    }

    /// Whether there were any, and how many were sealed anew: not those that others wrote meanwhile, which are looked at
    /// once more.
    async fn seal_portion(&self, Sealed { table, column, of, rest }: &Sealed, ids: &dyn Ids) -> Result<(bool, u64)> {
        let keyring = &self.0.keyring;
        let mut sql = Sql::new(self.0.database.backend());
        sql.push(&format!("SELECT {of}, {column}, {} FROM {table} WHERE {column} IS NOT NULL", rest.unwrap_or(of)));
        sql.push(&format!(" AND substr({column}, 1, {HEAD}) <> ")).bind(keyring.head()?.to_vec());
        sql.push(&format!(" ORDER BY {of}, {} LIMIT ", rest.unwrap_or(of))).bind(PORTION);
        let rows = self.0.database.fresh_rows(sql.statement()).await?;
        if rows.is_empty() {
            return Ok((false, 0));
        }
        let mut changed = 0;
        let tx = self.0.database.begin().await?;
        for row in &rows {
            let (id, old): (Uuid, Vec<u8>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let new = keyring.seal(&keyring.open(&old, id)?, id, ids)?;
            let mut sql = Sql::new(tx.get_database_backend());
            sql.push(&format!("UPDATE {table} SET {column} = ")).bind(new);
            sql.push(&format!(" WHERE {of} = ")).bind(id).push(&format!(" AND {column} = ")).bind(old);
            if let Some(rest) = rest {
                sql.push(&format!(" AND {rest} = ")).bind(row.try_get_by_index::<Uuid>(2)?);
            }
            changed += tx.execute_raw(sql.statement()).await?.rows_affected();
        }
        tx.commit().await?;
        Ok((true, changed))
    }
}
