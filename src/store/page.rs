//! Where a page begins and ends: keyset positions and their opaque form.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// The largest page.
pub const LARGEST: u64 = 250;
/// The page when nobody says how large.
pub const USUAL: u64 = 25;

/// What a list is ordered by; the id decides between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// Nothing but the id.
    Id,
    ChangedAt,
    RemoteCreatedAt,
    OpenedAt,
    Name,
    LastName,
    CreatedAt,
    QueuedAt,
    /// A number of its own.
    Seq,
}

impl SortKey {
    /// To the letter the expression of the index.
    pub(super) fn expression(self, alias: &str) -> String {
        let timed = |column: &str| format!("COALESCE({alias}.{column}, -62135596800000)");
        match self {
            Self::Id => "0".to_owned(),
            Self::ChangedAt => format!("{alias}.changed_at"),
            Self::RemoteCreatedAt => timed("remote_created_at"),
            Self::OpenedAt => timed("opened_at"),
            Self::Name => format!("{alias}.name_sort"),
            Self::LastName => format!("{alias}.last_name_sort"),
            Self::CreatedAt => format!("{alias}.created_at"),
            Self::QueuedAt => format!("{alias}.queued_at"),
            Self::Seq => format!("{alias}.seq"),
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Self::Name | Self::LastName)
    }

    fn tag(self) -> u8 {
        match self {
            Self::Id => 0,
            Self::ChangedAt => 1,
            Self::RemoteCreatedAt => 2,
            Self::OpenedAt => 3,
            Self::Name => 4,
            Self::LastName => 5,
            Self::CreatedAt => 6,
            Self::QueuedAt => 7,
            Self::Seq => 8,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SortValue {
    Number(i64),
    Text(String),
}

/// One row's place in an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    pub value: SortValue,
    pub id: Uuid,
}

impl Position {
    /// Opaque to callers: what it is ordered by, the id, the value.
    pub fn encode(&self, key: SortKey) -> String {
        let mut bytes = Vec::with_capacity(32);
        bytes.push(key.tag());
        bytes.extend_from_slice(self.id.as_bytes());
        match &self.value {
            SortValue::Number(_) if key == SortKey::Id => {}
            SortValue::Number(number) => bytes.extend_from_slice(&number.to_be_bytes()),
            SortValue::Text(text) => bytes.extend_from_slice(text.as_bytes()),
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// None when `text` is no cursor, or one of another order.
    pub fn decode(text: &str, key: SortKey) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (tag, rest) = bytes.split_first()?;
        if *tag != key.tag() || rest.len() < 16 {
            return None;
        }
        let (id, value) = rest.split_at(16);
        let value = match key {
            SortKey::Id => value.is_empty().then_some(SortValue::Number(0))?,
            // Nor can a database compare with the character 0.
            _ if key.is_text() && !value.contains(&0) => SortValue::Text(String::from_utf8(value.to_vec()).ok()?),
            _ if key.is_text() => return None,
            _ => SortValue::Number(i64::from_be_bytes(value.try_into().ok()?)),
        };
        Some(Self { value, id: Uuid::from_slice(id).ok()? })
    }
}

/// The place in the change feed after its entry of this number. No other list's cursors are so short.
const FEED: u8 = 64;

pub fn feed_cursor(seq: i64) -> String {
    let mut bytes = vec![FEED];
    bytes.extend_from_slice(&seq.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// None when `text` is no cursor of the change feed.
pub fn parse_feed_cursor(text: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (tag, number) = bytes.split_first()?;
    let seq = i64::from_be_bytes(number.try_into().ok()?);
    (*tag == FEED && seq >= 0).then_some(seq)
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Window {
    pub limit: u64,
    /// Counted from the end.
    pub backward: bool,
    pub after: Option<Position>,
    pub before: Option<Position>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    pub key: SortKey,
    pub descending: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_survive_a_round_trip_and_fit_one_order_only() {
        let id = Uuid::from_u128(7);
        let cases = [
            (SortKey::ChangedAt, SortValue::Number(-5)),
            (SortKey::Name, SortValue::Text("Zażółć".into())),
            (SortKey::Id, SortValue::Number(0)),
        ];
        for (key, value) in cases {
            let position = Position { value, id };
            let text = position.encode(key);
            assert_eq!(Position::decode(&text, key).as_ref(), Some(&position));
            assert_eq!(Position::decode(&text, SortKey::OpenedAt), None);
        }
    }

    #[test]
    fn cursors_of_the_feed_are_no_other_lists_and_theirs_none_of_it() {
        assert_eq!(parse_feed_cursor(&feed_cursor(7)), Some(7));
        assert_eq!(Position::decode(&feed_cursor(7), SortKey::Id), None);
        let other = Position { value: SortValue::Number(7), id: Uuid::from_u128(7) }.encode(SortKey::CreatedAt);
        for text in [other.as_str(), "", "x", "not a cursor", &feed_cursor(-1)] {
            assert_eq!(parse_feed_cursor(text), None, "{text}");
        }
    }

    #[test]
    fn foreign_text_is_no_cursor() {
        for text in ["", "x", "AQ", "not a cursor", "AQAAAAAAAAAAAAAAAAAAAAAAAA", "\u{1F980}"] {
            assert_eq!(Position::decode(text, SortKey::ChangedAt), None, "{text}");
        }
    }
}
