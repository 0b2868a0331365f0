//! Opening the store by the settings, with the key that seals its secrets.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::config::Database;
use crate::domain::clock::SystemIds;
use crate::store::{self, Keyring, Store};

/// `lease`: so long work on an integration is left to a process that gives no sign of life.
pub async fn store(settings: &Database, lease: Duration) -> Result<Store, String> {
    refuse_unusable(&settings.database_url)?;
    let keyring = Keyring::parse(&secret_key(settings)?).map_err(|error| error.to_string())?;
    let options = store::Options {
        url: settings.database_url.clone(),
        read_url: settings.read_database_url.clone(),
        listen_url: settings.listen_database_url.clone(),
        connections: settings.database_connections,
        lease,
    };
    Store::open(&options, keyring).await.map_err(|error| {
        // An address that cannot be parsed is part of the error, with its password.
        let addresses = [Some(options.url.as_str()), options.read_url.as_deref()];
        let error = addresses.into_iter().flatten().fold(error.to_string(), |text, url| text.replace(url, "…"));
        format!("the database cannot be opened: {error}")
    })
}

fn refuse_unusable(url: &str) -> Result<(), String> {
    let sqlite = url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//"));
    match sqlite {
        Some(path) if path.split('?').next().is_none_or(str::is_empty) || path.contains(":memory:") => {
            Err("HIREGRAPH_DATABASE_URL must name a file behind sqlite://".to_owned())
        }
        Some(_) => Ok(()),
        None if ["postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme)) => Ok(()),
        None => Err("HIREGRAPH_DATABASE_URL must begin with sqlite: or postgres:".to_owned()),
    }
}

/// The key of the settings, or the one beside an embedded database's file.
fn secret_key(settings: &Database) -> Result<SecretString, String> {
    match &settings.secret_key {
        Some(key) if !key.expose_secret().trim().is_empty() => Ok(key.clone()),
        _ if store::is_embedded(&settings.database_url) => kept_key(&settings.database_url),
        _ => {
            let advice = "set it to 32 random bytes in base64, e.g. from `openssl rand -base64 32`, and keep it safe";
            Err(format!("HIREGRAPH_SECRET_KEY is required with PostgreSQL: {advice}"))
        }
    }
}

fn kept_key(url: &str) -> Result<SecretString, String> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = format!("{}.key", path.split('?').next().unwrap_or(path));
    let failed = |error: std::io::Error| format!("the key file {path}: {error}");
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => {
            let key = Keyring::fresh(&SystemIds);
            file.write_all(key.expose_secret().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
            Ok(key)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let mut text = String::new();
            std::fs::File::open(&path).and_then(|mut file| file.read_to_string(&mut text)).map_err(failed)?;
            Ok(text.trim().to_owned().into())
        }
        Err(error) => Err(failed(error)),
    }
}
