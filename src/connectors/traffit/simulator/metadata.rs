//! The field metadata of `X-Response-Metadata` and `X-Request-Metadata` (§1.8), with the captured gaps: the
//! schema lacks fields that answers have and requires fields that answers leave out.

use serde_json::{Map, Value, json};

use super::account::Account;
use super::collection::Collection;
use super::names;
use super::records::CustomField;

fn field(kind: &str, required: bool) -> Value {
    json!({"type": kind, "required": required, "structure": []})
}

fn system(fields: &mut Map<String, Value>) {
    let time = json!({"type": "datetime", "required": true, "structure": [], "format": "yyyy-MM-dd HH:mm:ss"});
    for name in ["created_at", "updated_at", "synchro_time"] {
        fields.insert(name.to_owned(), time.clone());
    }
    let user = json!({"type": "user_entity", "required": true, "structure": [[]]});
    for name in ["created_by", "updated_by"] {
        fields.insert(name.to_owned(), user.clone());
    }
    fields.insert("id".to_owned(), field("integer", true));
    fields.insert("status".to_owned(), field("text", false));
    fields.insert("guid".to_owned(), field("text", false));
}

fn custom(fields: &mut Map<String, Value>, own: &[CustomField]) {
    for one in own {
        let kind = if one.choices.is_empty() { "text" } else { "choice" };
        let mut spec = field(kind, false);
        spec["name"] = json!(one.label);
        if !one.choices.is_empty() {
            spec["choices"] = json!(one.choices);
        }
        if one.multiple {
            spec["multiple"] = json!(true);
        }
        fields.insert(one.sid.clone(), spec);
    }
}

fn employee(account: &Account) -> Map<String, Value> {
    let mut fields = Map::new();
    system(&mut fields);
    for (name, kind) in [("name", "text"), ("lastname", "text"), ("email", "email"), ("linkedin_id", "text")] {
        fields.insert(name.to_owned(), field(kind, false));
    }
    for (name, label) in [("mobile", "Telefon"), ("linkedin", "LinkedIn"), ("candidate_about", "O kandydacie")] {
        let mut spec = field("text", false);
        spec["name"] = json!(label);
        fields.insert(name.to_owned(), spec);
    }
    let structure = vec![json!([]); 9];
    let place = json!({"type": "coordinates_with_location", "required": false, "structure": structure,
        "name": "Lokalizacja"});
    fields.insert("candidate_location".to_owned(), place);
    let spoken = json!({"type": "choice", "required": false, "structure": [], "multiple": true,
        "choices": names::LANGUAGES, "name": "Języki"});
    fields.insert("candidate_languages".to_owned(), spoken);
    custom(&mut fields, &account.candidate_fields);
    fields
}

/// What `X-Response-Metadata: true` answers for a list or an item of it.
pub(super) fn of(account: &Account, collection: Collection) -> Value {
    let mut fields = Map::new();
    match collection {
        Collection::Employees | Collection::Members(_) => fields = employee(account),
        Collection::Recruitments => {
            system(&mut fields);
            fields.insert("client".to_owned(), json!({"type": "client_entity", "required": true, "structure": [[]]}));
            custom(&mut fields, &account.job_fields);
        }
        Collection::Persons => {
            system(&mut fields);
            for (name, kind) in [("name", "text"), ("lastname", "text"), ("email", "email")] {
                fields.insert(name.to_owned(), field(kind, false));
            }
            fields.insert("client".to_owned(), json!({"type": "entity", "required": true, "structure": [[]]}));
        }
        Collection::Clients => {
            system(&mut fields);
            let choices = ["Aktywny", "Nieaktywny", "Prospekt", "Aktualny klient", "Ex-klient"];
            let status = json!({"type": "choice", "required": false, "structure": [], "choices": choices,
                "name": "Status"});
            fields.insert("status".to_owned(), status);
        }
        _ => {
            fields.insert("id".to_owned(), field("integer", true));
        }
    }
    json!({"fields": fields})
}

/// What `X-Request-Metadata: true` answers for creating and updating an employee; its shape is inferred (§1.8).
pub(super) fn employee_request(account: &Account) -> Value {
    let mut fields = employee(account);
    for name in ["id", "created_at", "updated_at", "synchro_time", "created_by", "updated_by", "linkedin_id"] {
        fields.remove(name);
    }
    json!({"fields": fields})
}
