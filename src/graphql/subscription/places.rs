//! How many subscriptions there may be: each holds a batch of events and reads the database when something changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use crate::graphql::failure::Turned;

#[derive(Debug, Clone, Copy)]
pub struct Subscriptions {
    /// The most at once in this process.
    pub most: usize,
    /// The most at once of one key in this process.
    pub most_of_key: usize,
    /// So often a subscription's key is looked up again when nothing happens.
    pub verify: Duration,
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self { most: 1000, most_of_key: 100, verify: Duration::from_secs(30) }
    }
}

/// The subscriptions that there are.
#[derive(Clone)]
pub struct Places {
    limits: Subscriptions,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_key: HashMap<Uuid, usize>,
}

impl Places {
    pub fn new(limits: Subscriptions) -> Self {
        Self { limits, taken: Arc::default() }
    }

    pub fn verify(&self) -> Duration {
        self.limits.verify
    }

    /// How many are taken, and how many there are.
    pub fn taken(&self) -> (usize, usize) {
        (self.taken.lock().unwrap_or_else(PoisonError::into_inner).all, self.limits.most)
    }

    /// A place that is free again when it is dropped.
    pub fn take(&self, key: Uuid) -> Result<Place, Turned> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.by_key.get(&key).copied().unwrap_or(0) >= self.limits.most_of_key {
            return Err(Turned::TooManyOfKey);
        }
        if taken.all >= self.limits.most {
            return Err(Turned::TooMany);
        }
        taken.all += 1;
        *taken.by_key.entry(key).or_insert(0) += 1;
        Ok(Place { taken: self.taken.clone(), key })
    }
}

pub struct Place {
    taken: Arc<Mutex<Taken>>,
    key: Uuid,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(count) = taken.by_key.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.by_key.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_given_back() {
        let places = Places::new(Subscriptions { most: 3, most_of_key: 2, verify: Duration::ZERO });
        let key = Uuid::from_u128;
        let first = places.take(key(1)).ok().unwrap();
        let second = places.take(key(1)).ok().unwrap();
        assert_eq!(places.take(key(1)).err(), Some(Turned::TooManyOfKey));
        let third = places.take(key(2)).ok().unwrap();
        assert_eq!(places.take(key(3)).err(), Some(Turned::TooMany));
        drop(first);
        let again = places.take(key(1)).ok().unwrap();
        drop((second, third, again));
        assert_eq!(places.taken.lock().unwrap().by_key.len(), 0);
    }
}
