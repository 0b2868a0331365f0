//! HR WORKS's times: UTC in ISO 8601's basic format, which stock parsers refuse, and plain dates (§1.7).

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound, Utc};

/// As HR WORKS writes and wants it; without fractions of a second.
pub fn basic(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// The instant that a text means; none without a text. A text that cannot be read is none, too, and its
/// field is named in `unread`.
pub fn moment(text: Option<&str>, field: &str, unread: &mut Vec<String>) -> Option<DateTime<Utc>> {
    let text = text?;
    let read = parse(text);
    if read.is_none() {
        unread.push(format!("{field} is not a time"));
    }
    read
}

/// Milliseconds, as everything that is stored. The basic format, the extended one (RFC 3339), or a date at
/// its beginning in UTC. A time without a zone is none: HR WORKS always gives one.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let instant = ["%Y%m%dT%H%M%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"]
        .iter()
        .find_map(|format| DateTime::parse_from_str(text, format).ok())
        .map(|instant| instant.to_utc());
    let date = || {
        let day = ["%Y-%m-%d", "%Y%m%d"].iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok())?;
        Some(day.and_time(NaiveTime::MIN).and_utc())
    };
    instant.or_else(date).map(|instant| instant.trunc_subsecs(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_and_dates_are_read() {
        let cases = [
            ("20250228T094600Z", Some("2025-02-28T09:46:00Z")),
            ("20250228T094600.250Z", Some("2025-02-28T09:46:00.250Z")),
            ("20250228T094600.123456Z", Some("2025-02-28T09:46:00.123Z")),
            ("20250228T104600+0100", Some("2025-02-28T09:46:00Z")),
            (" 20250228T094600Z ", Some("2025-02-28T09:46:00Z")),
            ("2025-02-28T09:46:00Z", Some("2025-02-28T09:46:00Z")),
            ("2025-02-28T10:46:00+01:00", Some("2025-02-28T09:46:00Z")),
            ("2025-02-28T09:46:00.5Z", Some("2025-02-28T09:46:00.500Z")),
            ("2025-02-28", Some("2025-02-28T00:00:00Z")),
            ("20250228", Some("2025-02-28T00:00:00Z")),
            ("20250230", None),
            ("20250228T094600", None),
            ("20251328T094600Z", None),
            ("28.02.2025", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|text| text.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(parse(text), expected, "{text}");
        }
        let mut unread = Vec::new();
        assert_eq!(moment(None, "publicationDate", &mut unread), None);
        assert_eq!(moment(Some("soon"), "publicationDate", &mut unread), None);
        assert_eq!(unread, ["publicationDate is not a time"]);
    }
}
