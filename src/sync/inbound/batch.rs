//! What several deliveries mean together: pure rules.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::connectors::webhook::Hints;
use crate::connectors::{self, Retry};
use crate::domain::RecordType;

const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// The record types that hints speak of.
pub fn models(hints: &Hints) -> Vec<RecordType> {
    let mut models: BTreeSet<RecordType> = hints.look_at.iter().map(|(of, _)| *of).collect();
    if !hints.gone.is_empty() {
        models.insert(RecordType::Candidate);
    }
    let of_applications =
        [hints.gone_applications.is_empty(), hints.gone_among.is_empty(), hints.applications_of.is_empty()];
    if of_applications.contains(&false) {
        models.insert(RecordType::Application);
    }
    models.into_iter().collect()
}

/// How long to wait after so many failures one after the other.
pub fn pause(error: &connectors::Error, failures: u32, first: Duration) -> Duration {
    let usual = first.saturating_mul(5).saturating_mul(4_u32.saturating_pow(failures)).min(LONGEST_PAUSE);
    match error.retry {
        Retry::After(asked) => asked.max(usual).min(LONGEST_PAUSE),
        Retry::Never | Retry::BackOff => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::ErrorKind;

    #[test]
    fn pauses_grow_to_an_hour() {
        let busy = connectors::Error::new(ErrorKind::Unavailable, "busy");
        let seconds = |failures| pause(&busy, failures, Duration::from_secs(1)).as_secs();
        assert_eq!([0, 1, 2, 3, 4, 5, 60].map(seconds), [5, 20, 80, 320, 1280, 3600, 3600]);
        let asked = busy.retry(Retry::After(Duration::from_secs(60)));
        assert_eq!(pause(&asked, 0, Duration::from_secs(1)).as_secs(), 60);
        assert_eq!(pause(&asked, 2, Duration::from_secs(1)).as_secs(), 80);
    }

    #[test]
    fn hints_tell_their_types() {
        assert_eq!(models(&Hints::unclear()), []);
        let gone = Hints { gone: BTreeSet::from(["1".to_owned()]), ..Hints::default() };
        assert_eq!(models(&gone), [RecordType::Candidate]);
        let look_at = BTreeSet::from([(RecordType::Job, "1".to_owned())]);
        let both = Hints { look_at, applications_of: BTreeSet::from(["2".to_owned()]), ..Hints::default() };
        assert_eq!(models(&both), [RecordType::Job, RecordType::Application]);
    }
}
