//! What happens at the vendors by themselves: people are added, changed and deleted, jobs are renamed. Nothing that an
//! action writes to is touched.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use drive::Outcome;
use drive::connection::Connection;
use serde_json::{Value, json};

use super::chance::Chance;
use super::load::Ground;

/// No more people than this are there at once because of edits.
const MOST: usize = 40;

struct Edits<'a> {
    ground: &'a Ground,
    chance: Chance,
    /// People that were added here and are still there.
    own: Vec<Value>,
    made: u64,
}

/// Edits until told to stop; answers how often.
pub async fn edit(ground: Arc<Ground>, chance: Chance, stop: Arc<AtomicBool>) -> Outcome<u64> {
    let mut vendor = Connection::open(&ground.vendor, "").await?;
    let mut edits = Edits { ground: &ground, chance, own: Vec::new(), made: 0 };
    let mut count = 0;
    while !stop.load(Ordering::SeqCst) {
        let edit = edits.next();
        match vendor.post_to("/_simulator/edit", edit.to_string().into()).await {
            Ok(answer) => {
                let answer: Value = serde_json::from_slice(&answer)?;
                if edit["op"] == "add_candidate" {
                    edits.own.push(answer["id"].clone());
                }
                count += 1;
            }
            // Nothing to change, as when it was so already.
            Err(error) if error.to_string().starts_with("404") => {}
            Err(error) => return Err(format!("the edit {edit} failed: {error}").into()),
        }
        let pause = edits.chance.millis(20, 150);
        tokio::time::sleep(pause).await;
    }
    Ok(count)
}

impl Edits<'_> {
    fn next(&mut self) -> Value {
        self.made += 1;
        let number = self.made;
        let job = self.chance.one_of(&self.ground.jobs).cloned().unwrap_or_default();
        let bystander = self.chance.one_of(&self.ground.bystanders).cloned().unwrap_or_default();
        let own = self.chance.one_of(&self.own).cloned().unwrap_or_default();
        if self.own.is_empty() || (self.chance.percent(15) && self.own.len() < MOST) {
            return self.addition(&job, number);
        }
        if self.chance.percent(12) {
            let at = self.chance.below(self.own.len() as u64);
            let gone = self.own.swap_remove(usize::try_from(at).unwrap_or_default());
            return json!({ "op": "delete_candidate", "id": gone });
        }
        let name = format!("Person {number}");
        if self.ground.slug == "traffit" {
            match self.chance.below(6) {
                0 => json!({ "op": "rename_job", "id": job, "name": format!("Job {number}") }),
                1 => json!({ "op": "tag", "candidate": bystander, "name": format!("tag {}", number % 5) }),
                2 => json!({ "op": "untag", "candidate": bystander, "name": format!("tag {}", number % 5) }),
                3 => json!({ "op": "add_member", "job": job, "candidate": own }),
                4 => json!({ "op": "remove_member", "job": job, "candidate": own }),
                _ => json!({ "op": "update_candidate", "id": bystander, "fields": { "lastname": name } }),
            }
        } else {
            match self.chance.below(4) {
                0 => json!({ "op": "rename_job", "id": job, "name": format!("Job {number}") }),
                1 => json!({ "op": "add_application", "candidate": own, "job": job }),
                _ => json!({ "op": "update_candidate", "id": bystander, "fields": { "lastName": name } }),
            }
        }
    }

    fn addition(&self, job: &Value, number: u64) -> Value {
        let email = format!("edit-{number}@example.test");
        if self.ground.slug == "traffit" {
            json!({ "op": "add_candidate", "fields": { "name": "New", "lastname": "Person", "email": email } })
        } else {
            json!({ "op": "add_candidate", "job": job, "fields": { "firstName": "New", "email": email } })
        }
    }
}
