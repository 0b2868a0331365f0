//! Secrets at rest: AES-256-GCM, with the id of the key in front and the integration as associated data, so
//! that a sealed secret opens nowhere but in its own row.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::Ids;

const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const NONCE: usize = 12;
/// How much of a seal says by what it was sealed.
pub(super) const HEAD: usize = 1 + KEY_ID;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error("HIREGRAPH_SECRET_KEY is not one or more keys of 32 bytes in base64, separated by commas")]
    Malformed,
    #[error("a secret was sealed with a key that HIREGRAPH_SECRET_KEY does not hold")]
    UnknownKey,
    #[error("a sealed secret is damaged, or belongs to another integration")]
    Damaged,
}

/// The first key seals, all open.
#[derive(Clone)]
pub struct Keyring(Vec<Key>);

#[derive(Clone)]
struct Key {
    id: [u8; KEY_ID],
    cipher: Aes256Gcm,
    /// Signs access tokens.
    signing: [u8; 32],
}

impl Key {
    fn new(bytes: &[u8]) -> Result<Self, KeyringError> {
        let cipher = Aes256Gcm::new_from_slice(bytes).map_err(|_| KeyringError::Malformed)?;
        let mut id = [0; KEY_ID];
        let hash = blake3::derive_key("hiregraph secret key id", bytes);
        id.copy_from_slice(&hash[..KEY_ID]);
        Ok(Self { id, cipher, signing: blake3::derive_key("hiregraph access token signature", bytes) })
    }
}

impl Keyring {
    /// Reads keys in base64, separated by commas.
    pub fn parse(text: &SecretString) -> Result<Self, KeyringError> {
        let keys = text.expose_secret().split(',').map(|key| {
            let bytes = Zeroizing::new(STANDARD.decode(key.trim()).map_err(|_| KeyringError::Malformed)?);
            if bytes.len() == 32 { Key::new(&bytes) } else { Err(KeyringError::Malformed) }
        });
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// A fresh key in the form that [`Keyring::parse`] reads.
    pub fn fresh(ids: &dyn Ids) -> SecretString {
        let mut bytes = Zeroizing::new([0; 32]);
        ids.fill(bytes.as_mut());
        STANDARD.encode(*bytes).into()
    }

    /// What begins all that is sealed now.
    pub(super) fn head(&self) -> Result<[u8; HEAD], KeyringError> {
        let key = self.0.first().ok_or(KeyringError::Malformed)?;
        let mut head = [VERSION; HEAD];
        head[1..].copy_from_slice(&key.id);
        Ok(head)
    }

    /// What access tokens are signed with: the first signs, all verify.
    pub(super) fn signing(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.0.iter().map(|key| &key.signing)
    }

    pub(super) fn seal(&self, plain: &[u8], of: Uuid, ids: &dyn Ids) -> Result<Vec<u8>, KeyringError> {
        let key = self.0.first().ok_or(KeyringError::Malformed)?;
        let mut nonce = [0; NONCE];
        ids.fill(&mut nonce);
        let payload = Payload { msg: plain, aad: of.as_bytes() };
        let sealed = key.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| KeyringError::Damaged)?;
        Ok([&[VERSION], &key.id[..], &nonce, &sealed].concat())
    }

    pub(super) fn open(&self, sealed: &[u8], of: Uuid) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let (version, rest) = sealed.split_first().ok_or(KeyringError::Damaged)?;
        let (id, rest) = rest.split_at_checked(KEY_ID).ok_or(KeyringError::Damaged)?;
        let (nonce, rest) = rest.split_at_checked(NONCE).ok_or(KeyringError::Damaged)?;
        if *version != VERSION {
            return Err(KeyringError::Damaged);
        }
        let key = self.0.iter().find(|key| key.id == id).ok_or(KeyringError::UnknownKey)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| KeyringError::Damaged)?;
        let payload = Payload { msg: rest, aad: of.as_bytes() };
        key.cipher.decrypt(&Nonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| KeyringError::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::SeededIds;

    #[test]
    fn a_secret_opens_with_its_key_in_its_own_row_only() {
        let ids = SeededIds::new(1);
        let (old, new) = (Keyring::fresh(&ids), Keyring::fresh(&ids));
        let both: SecretString = format!("{},{}", new.expose_secret(), old.expose_secret()).into();
        let (old, new, both) = (old, new, both);
        let (old, new, both) =
            (Keyring::parse(&old).unwrap(), Keyring::parse(&new).unwrap(), Keyring::parse(&both).unwrap());
        let (row, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = old.seal(b"secret", row, &ids).unwrap();
        assert_eq!(old.open(&sealed, row).unwrap().as_slice(), b"secret");
        assert_eq!(both.open(&sealed, row).unwrap().as_slice(), b"secret");
        assert_eq!(old.open(&sealed, other).unwrap_err(), KeyringError::Damaged);
        assert_eq!(new.open(&sealed, row).unwrap_err(), KeyringError::UnknownKey);
        assert_eq!(new.open(&both.seal(b"x", row, &ids).unwrap(), row).unwrap().as_slice(), b"x");
        assert_eq!(old.open(&sealed[..20], row).unwrap_err(), KeyringError::Damaged);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "c2hvcnQ=", "not base64!", "AAAA,"] {
            assert_eq!(Keyring::parse(&text.into()).err(), Some(KeyringError::Malformed), "{text}");
        }
    }
}
