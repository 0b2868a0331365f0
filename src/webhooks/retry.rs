//! When a delivery is tried again: pure rules.

use std::time::Duration;

/// In seconds: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
const PAUSES: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Longer pauses that a receiver asks for are cut.
const LONGEST: Duration = Duration::from_secs(86_400);

/// The pause after the `tries`th attempt has failed; none when it was the last. `chance` lengthens it by up to a tenth,
/// so that what failed together does not come back together. What the receiver asks for is the least.
pub fn pause(tries: u32, chance: u16, asked: Option<Duration>) -> Option<Duration> {
    let at = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let pause = Duration::from_secs(*PAUSES.get(at)?);
    let pause = pause + pause.mul_f64(f64::from(chance) / f64::from(u16::MAX) / 10.0);
    Some(pause.max(asked.unwrap_or(Duration::ZERO).min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_day_and_end_after_the_tenth_attempt() {
        let pauses: Vec<_> = (1..=10).map(|tries| pause(tries, 0, None).map(|pause| pause.as_secs())).collect();
        let expected = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map(Some);
        assert_eq!(pauses[..9], expected);
        assert_eq!(pauses[9], None);
        assert_eq!(pause(2, u16::MAX, None), Some(Duration::from_secs(330)));
    }

    #[test]
    fn what_the_receiver_asks_for_is_the_least_and_at_most_a_day() {
        let asked = |seconds| pause(1, 0, Some(Duration::from_secs(seconds))).unwrap().as_secs();
        assert_eq!(asked(1), 5);
        assert_eq!(asked(60), 60);
        assert_eq!(asked(1_000_000), 86_400);
        assert_eq!(pause(10, 0, Some(Duration::from_secs(60))), None);
    }
}
