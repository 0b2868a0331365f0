//! The list of vendors. Adding a vendor is a folder and one line here, and one for its simulator in the tests.

use std::sync::Arc;

use super::connector::Connector;
use super::hrworks::HrWorks;
use super::traffit::Traffit;

/// All vendors of this build, in the order in which they are shown.
#[derive(Clone)]
pub struct Registry(Arc<[Arc<dyn Connector>]>);

impl Default for Registry {
    fn default() -> Self {
        Self(Arc::new([Arc::new(Traffit), Arc::new(HrWorks)]))
    }
}

/// Every vendor's simulator for the conformance suite, in the same order.
#[cfg(test)]
pub(super) const SIMULATED: &[super::conformance::Entry] =
    &[super::traffit::conformance::ENTRY, super::hrworks::conformance::ENTRY];

impl Registry {
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Connector>> {
        self.0.iter()
    }

    pub fn get(&self, slug: &str) -> Option<&Arc<dyn Connector>> {
        self.0.iter().find(|connector| connector.manifest().slug == slug)
    }
}
