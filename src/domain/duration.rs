//! ISO 8601 durations as the contract writes them, e.g. `PT15M`. Years and months have no fixed length and
//! are refused.

use std::time::Duration;

/// Reads days, hours, minutes and seconds: `P1D`, `PT1H30M`, `PT0.5S`, `P2W`.
pub fn parse(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let seconds = sum(date, &[('W', 604_800.0), ('D', 86_400.0)])? + sum(time, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// The shortest form in hours, minutes and seconds: `PT1H`, `PT90S` becomes `PT1M30S`.
pub fn format(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::from("PT");
    if hours > 0 {
        text += &format!("{hours}H");
    }
    if minutes > 0 {
        text += &format!("{minutes}M");
    }
    if millis > 0 {
        text += &format!("{}S", format!("{seconds}.{millis:03}").trim_end_matches('0'));
    } else if seconds > 0 || text == "PT" {
        text += &format!("{seconds}S");
    }
    text
}

/// Sums `<number><unit>` groups; units must come in the given order, each at most once.
fn sum(mut text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut total = 0.0;
    for (unit, seconds) in units {
        if let Some((number, rest)) = text.split_once(*unit) {
            if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
                return None;
            }
            total += number.parse::<f64>().ok()? * seconds;
            text = rest;
        }
    }
    text.is_empty().then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_iso_durations() {
        for (text, seconds) in [("PT15M", 900), ("P1D", 86_400), ("PT1H30M", 5400), ("P2W", 1_209_600), ("PT0S", 0)] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(format(Duration::from_secs(90)), "PT1M30S");
        assert_eq!(format(Duration::from_secs(86_400)), "PT24H");
        assert_eq!(format(Duration::ZERO), "PT0S");
        assert_eq!(format(Duration::from_millis(500)), "PT0.5S");
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in ["", "P", "PT", "15M", "PT15", "P1Y", "P1M", "PT-5S", "PT5S3M", "PTxS", "PT1e9999S"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
