//! Databases on a PostgreSQL server that was given.

use sea_orm::{ConnectionTrait, Database};

use super::Outcome;

/// Makes an empty database of that name; answers its URL.
pub async fn fresh(server: Option<&str>, name: &str) -> Outcome<String> {
    let server = server.ok_or("PostgreSQL needs a server: run this by scripts/with-postgres, or --databases sqlite")?;
    let database = Database::connect(server).await?;
    database.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
    database.close().await?;
    let (root, _) = server.rsplit_once('/').ok_or("the server's URL names no database")?;
    Ok(format!("{root}/{name}"))
}
