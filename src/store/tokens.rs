//! Access tokens: short-lived, signed, and kept nowhere. A token names its key, and what of that key's rights it was made
//! for; what it opens is looked up with the key at every request, so that it can do no more than its key and ends with it.
//! It holds no secret beside its signature, which a page that has it must guard for so long.

use data_encoding::BASE64URL_NOPAD;
use secrecy::SecretString;
use subtle::{Choice, ConstantTimeEq};
use uuid::Uuid;

use super::Keyring;
use crate::domain::Scope;

pub(super) const PREFIX: &str = "hgt_";
const VERSION: u8 = 1;
const SIGNATURE: usize = blake3::OUT_LEN;
const ID: usize = 16;
/// Version, key, end and scopes.
const HEAD: usize = 1 + ID + 8 + 1;

/// A token travels in a header: with so many integrations it has less than 3 KB.
pub const MOST_INTEGRATIONS: usize = 100;
/// In characters, without the prefix.
const LONGEST: usize = (HEAD + MOST_INTEGRATIONS * ID + SIGNATURE).div_ceil(3) * 4;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub key: Uuid,
    /// In milliseconds since 1970.
    pub expires_at: i64,
    pub scopes: Vec<Scope>,
    pub integrations: Vec<Uuid>,
}

impl Claims {
    /// The token; none without a key to sign it with.
    pub fn signed(&self, keyring: &Keyring) -> Option<SecretString> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.key.as_bytes());
        bytes.extend(self.expires_at.to_be_bytes());
        bytes.push(self.scopes.iter().fold(0, |bits, scope| bits | bit(*scope)));
        bytes.extend(self.integrations.iter().flat_map(|id| *id.as_bytes()));
        let signature = blake3::keyed_hash(keyring.signing().next()?, &bytes);
        bytes.extend(signature.as_bytes());
        Some(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes)).into())
    }

    /// What a token says, if it is one of ours. Whether it has expired is not looked at.
    pub fn verified(token: &str, keyring: &Keyring) -> Option<Self> {
        let text = token.strip_prefix(PREFIX).filter(|text| text.len() <= LONGEST)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (said, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE)?)?;
        // All keys are tried, so that the time says nothing of which one it was.
        let good = keyring.signing().fold(Choice::from(0), |good, key| {
            good | blake3::keyed_hash(key, said).as_bytes().as_slice().ct_eq(signature)
        });
        if !bool::from(good) { None } else { Self::read(said) }
    }

    fn read(said: &[u8]) -> Option<Self> {
        let (version, rest) = said.split_first()?;
        let (key, rest) = rest.split_first_chunk::<ID>()?;
        let (expires_at, rest) = rest.split_first_chunk()?;
        let (scopes, rest) = rest.split_first()?;
        let (ids, left) = rest.as_chunks::<ID>();
        if *version != VERSION || !left.is_empty() {
            return None;
        }
        Some(Self {
            key: Uuid::from_bytes(*key),
            expires_at: i64::from_be_bytes(*expires_at),
            scopes: Scope::ALL.iter().copied().filter(|scope| scopes & bit(*scope) != 0).collect(),
            integrations: ids.iter().map(|id| Uuid::from_bytes(*id)).collect(),
        })
    }
}

/// ADMIN has none: no token can have it.
const fn bit(scope: Scope) -> u8 {
    match scope {
        Scope::RecordsRead => 1,
        Scope::RemoteDataRead => 1 << 1,
        Scope::RecordsWrite => 1 << 2,
        Scope::Passthrough => 1 << 3,
        Scope::Operate => 1 << 4,
        Scope::Admin => 0,
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::domain::clock::SeededIds;

    fn claims(integrations: usize) -> Claims {
        Claims {
            key: Uuid::from_u128(1),
            expires_at: 1_780_000_000_000,
            scopes: vec![Scope::RecordsRead, Scope::Operate],
            integrations: (0..integrations as u128).map(Uuid::from_u128).collect(),
        }
    }

    fn ring(keys: &[&SecretString]) -> Keyring {
        let text = keys.iter().map(|key| key.expose_secret()).collect::<Vec<_>>().join(",");
        Keyring::parse(&text.into()).unwrap()
    }

    #[test]
    fn a_token_says_what_was_signed_to_whoever_has_the_key() {
        let ids = SeededIds::new(1);
        let (old, new) = (Keyring::fresh(&ids), Keyring::fresh(&ids));
        for integrations in [0, 1, MOST_INTEGRATIONS] {
            let said = claims(integrations);
            let token = said.signed(&ring(&[&old])).unwrap();
            let token = token.expose_secret();
            assert!(token.len() < 3000, "{}", token.len());
            assert_eq!(Claims::verified(token, &ring(&[&old])), Some(said.clone()));
            assert_eq!(Claims::verified(token, &ring(&[&new, &old])), Some(said), "while keys are changed");
            assert_eq!(Claims::verified(token, &ring(&[&new])), None);
        }
    }

    #[test]
    fn a_token_that_was_changed_anywhere_is_none() {
        let ring = ring(&[&Keyring::fresh(&SeededIds::new(1))]);
        let token = claims(2).signed(&ring).unwrap();
        let token = token.expose_secret();
        for at in PREFIX.len()..token.len() {
            let mut changed = token.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(Claims::verified(std::str::from_utf8(&changed).unwrap(), &ring), None, "{at}");
            assert_eq!(Claims::verified(&token[..at], &ring), None, "{at}");
        }
        let longer = format!("{token}AAAA");
        for text in ["", "hgt_", "hgt_AAAA", "hgt_!!!!", &token[4..], &longer, &format!("hgt_{}", "A".repeat(5000))] {
            assert_eq!(Claims::verified(text, &ring), None, "{text}");
        }
    }

    #[test]
    fn each_scope_has_a_bit_of_its_own_and_admin_has_none() {
        let ring = ring(&[&Keyring::fresh(&SeededIds::new(1))]);
        for scope in Scope::ALL {
            let token = Claims { scopes: vec![*scope], ..claims(1) }.signed(&ring).unwrap();
            let expected = if *scope == Scope::Admin { vec![] } else { vec![*scope] };
            assert_eq!(Claims::verified(token.expose_secret(), &ring).unwrap().scopes, expected);
        }
    }
}
