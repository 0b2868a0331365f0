//! Where a job application stands: HR WORKS has one list of statuses for all posts and no endpoint for it
//! (reference §5.4, quirk 5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{ApplicationOutcome, ApplicationStage, IdSpace, Payload, Snapshot};

/// Identifier and usual label, in the order of the process.
const KNOWN: [(&str, &str); 6] = [
    ("applied", "Beworben"),
    ("inProgress", "In Bearbeitung"),
    ("documentCreation", "Dokumentenerstellung"),
    ("employed", "Eingestellt"),
    ("notEmployed", "Abgesagt"),
    ("movedToTalentPool", "In Talentpool verschoben"),
];

pub fn is_known(identifier: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == identifier)
}

/// Whether the application has come to its end.
pub fn is_closed(identifier: &str) -> bool {
    outcome(identifier) != ApplicationOutcome::Pending
}

pub fn outcome(identifier: &str) -> ApplicationOutcome {
    match identifier {
        "employed" => ApplicationOutcome::Hired,
        "notEmployed" | "movedToTalentPool" => ApplicationOutcome::Declined,
        _ => ApplicationOutcome::Pending,
    }
}

/// The statuses that job applications were seen to have, with their labels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statuses(BTreeMap<String, Option<String>>);

impl Statuses {
    /// Whether that was news. Of several labels the first in the alphabet stays, so that the order of rows
    /// does not matter.
    pub fn add(&mut self, identifier: &str, label: Option<&str>) -> bool {
        let known = self.0.get(identifier);
        let better = match (known, label) {
            (None, _) | (Some(None), Some(_)) => true,
            (Some(Some(known)), Some(label)) => label < known.as_str(),
            (Some(_), None) => false,
        };
        if better {
            self.0.insert(identifier.to_owned(), label.map(str::to_owned));
        }
        better
    }

    /// All stages that there are, in order: the known ones, then others by their identifiers.
    pub fn identifiers(&self) -> Vec<&str> {
        let others = self.0.keys().map(String::as_str).filter(|identifier| !is_known(identifier));
        KNOWN.iter().map(|(identifier, _)| *identifier).chain(others).collect()
    }

    fn label(&self, identifier: &str) -> Option<String> {
        let usual = || KNOWN.iter().find(|(known, _)| *known == identifier).map(|(_, label)| (*label).to_owned());
        self.0.get(identifier).cloned().flatten().or_else(usual)
    }
}

pub fn stages(ids: &IdSpace, statuses: &Statuses) -> Vec<Snapshot> {
    (0..)
        .zip(statuses.identifiers())
        .map(|(index, identifier)| {
            let record = ApplicationStage {
                name: Some(statuses.label(identifier).unwrap_or_else(|| identifier.to_owned())),
                global_index: Some(index),
                remote_id: identifier.to_owned(),
            };
            Snapshot::new(ids.stage(identifier), record, Payload::new())
        })
        .collect()
}
