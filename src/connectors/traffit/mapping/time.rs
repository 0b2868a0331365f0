//! TRAFFIT's times: local to Warsaw and without a zone (reference §1.9).

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Warsaw;

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

/// The calendar day on which an instant falls there; filters by time know only days (§1.5).
pub fn day(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&Warsaw).date_naive()
}

/// Milliseconds, as everything that is stored.
///
/// `2026-06-15 12:00:00`, also with `T`, fractions, without seconds or as a date alone. A zone that is given
/// counts; otherwise it is Warsaw's. In the hour that comes twice in autumn the earlier instant is meant; a
/// time in the hour that is left out in spring is taken an hour later.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim().replacen(' ', "T", 1);
    for format in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f %#z"] {
        if let Ok(zoned) = DateTime::parse_from_str(&text, format) {
            return Some(zoned.to_utc().trunc_subsecs(3));
        }
    }
    local(&text).and_then(from_warsaw).map(|instant| instant.trunc_subsecs(3))
}

fn local(text: &str) -> Option<NaiveDateTime> {
    let time = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
    let date = ["%Y-%m-%d", "%Y/%m/%d"];
    time.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()).or_else(|| {
        let day = date.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok())?;
        Some(day.and_time(NaiveTime::MIN))
    })
}

fn from_warsaw(local: NaiveDateTime) -> Option<DateTime<Utc>> {
    match Warsaw.from_local_datetime(&local) {
        LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => Some(instant.to_utc()),
        LocalResult::None => {
            let later = local.checked_add_signed(TimeDelta::hours(1))?;
            Warsaw.from_local_datetime(&later).earliest().map(|instant| instant.to_utc())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_warsaws_unless_they_say_otherwise() {
        let cases = [
            ("2026-06-15 12:00:00", Some("2026-06-15T10:00:00Z")),
            ("2026-01-15 12:00:00", Some("2026-01-15T11:00:00Z")),
            ("2026-01-01 00:30:00", Some("2025-12-31T23:30:00Z")),
            ("2026-06-15T12:00:00", Some("2026-06-15T10:00:00Z")),
            ("2026-06-15 12:00:00.250", Some("2026-06-15T10:00:00.250Z")),
            ("2026-06-15 12:00:00.123456", Some("2026-06-15T10:00:00.123Z")),
            ("2026-06-15 12:00", Some("2026-06-15T10:00:00Z")),
            ("2026-06-15T12:00:00Z", Some("2026-06-15T12:00:00Z")),
            ("2026-06-15 12:00:00+05:30", Some("2026-06-15T06:30:00Z")),
            ("2026-06-15T12:00:00.5+0000", Some("2026-06-15T12:00:00.500Z")),
            ("2026-06-15 12:00:00 +02:00", Some("2026-06-15T10:00:00Z")),
            ("2026-06-15", Some("2026-06-14T22:00:00Z")),
            ("2021/05/31", Some("2021-05-30T22:00:00Z")),
            // 29 March 2026: 02:00 becomes 03:00.
            ("2026-03-29 01:59:59", Some("2026-03-29T00:59:59Z")),
            ("2026-03-29 02:30:00", Some("2026-03-29T01:30:00Z")),
            ("2026-03-29 03:30:00", Some("2026-03-29T01:30:00Z")),
            // 25 October 2026: 03:00 becomes 02:00.
            ("2026-10-25 01:59:59", Some("2026-10-24T23:59:59Z")),
            ("2026-10-25 02:30:00", Some("2026-10-25T00:30:00Z")),
            ("2026-10-25 03:00:00", Some("2026-10-25T02:00:00Z")),
            ("0000-00-00 00:00:00", None),
            ("2026-02-30 12:00:00", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|text| text.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let mut unread = Vec::new();
        assert_eq!(moment(None, "created_at", &mut unread), None);
        assert_eq!(moment(Some("soon"), "created_at", &mut unread), None);
        assert_eq!(unread, ["created_at is not a time"]);
    }
}
