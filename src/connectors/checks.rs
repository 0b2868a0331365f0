//! Connection tests as they end: kept in their order, and told at once to whoever watches.

use super::manifest::Check;

type Heard = Box<dyn Fn(&Check) + Send>;

#[derive(Default)]
pub struct Checks {
    ended: Vec<Check>,
    heard: Option<Heard>,
}

impl Checks {
    /// `heard` is called with each test as it ends.
    pub fn told(heard: impl Fn(&Check) + Send + 'static) -> Self {
        Self { ended: Vec::new(), heard: Some(Box::new(heard)) }
    }

    pub fn push(&mut self, check: Check) {
        if let Some(heard) = &self.heard {
            heard(&check);
        }
        self.ended.push(check);
    }

    pub fn ended(self) -> Vec<Check> {
        self.ended
    }
}
