//! Notes, and result links, which TRAFFIT takes as notes. There is no list of notes: one that was sent is known again
//! among the person's activities, by how many equal ones there were before (§4.6).

use serde_json::{Value, json};

use super::plan::{self, Do};
use super::{Told, Work, refusal};
use crate::connectors::action::{Found, ResultLink, Unacted};
use crate::connectors::error::{Error, ErrorKind};
use crate::connectors::traffit::client::{ACTIVITIES, NOTES};
use crate::connectors::traffit::read::every_row;
use crate::connectors::vendor_http::Call;

pub async fn count(work: Work<'_>) -> Result<Told, Unacted> {
    let equal = equal(work).await.map_err(refusal::of_read)?;
    Ok((json!({"equal": equal}), Vec::new()))
}

pub async fn add(work: Work<'_>) -> Result<Told, Unacted> {
    let call = Call::post(NOTES).with("id", work.candidate()?).json(&json!({"content": content(work)?}));
    let answer = work.client.write(call).await?;
    // The id in the answer may be the candidate's, so nothing is taken from it.
    refusal::accepted(&answer, work.action.kind)?;
    Ok((json!({}), Vec::new()))
}

pub async fn find(work: Work<'_>) -> Result<Found, Error> {
    let memo: Value = plan::memo(work.action, Do::CountNotes).unwrap_or_default();
    let before = memo["equal"].as_u64().unwrap_or(0);
    Ok(if equal(work).await? > before { Found::Arrived(json!({})) } else { Found::Missing })
}

fn content(work: Work<'_>) -> Result<String, Error> {
    let input = work.action.input;
    let link = || input.link.as_ref().map(lines);
    let nothing = || Error::new(ErrorKind::Invalid, "the action has no note");
    input.note.clone().or_else(link).ok_or_else(nothing)
}

/// Label, address, then one line an attribute.
fn lines(link: &ResultLink) -> String {
    let prefix = link.prefix.as_deref().unwrap_or_default();
    let mut lines = vec![link.label.clone(), link.url.clone()];
    lines.extend(link.attributes.iter().map(|(key, value)| format!("{prefix}{key}: {value}")));
    lines.join("\n")
}

/// How many activities of the person say what the note says.
async fn equal(work: Work<'_>) -> Result<u64, Error> {
    let (client, candidate, wanted) = (work.client, work.candidate()?, plain(&content(work)?));
    let candidate = candidate.as_str();
    let rows = every_row(|at| async move { client.page_of(ACTIVITIES, candidate, &at).await }).await?;
    let said = rows.iter().filter_map(|row| unwrapped(row.get("content")?));
    Ok(said.filter(|text| plain(text) == wanted).count() as u64)
}

/// The text of an activity, out of whichever of its four shapes: text or HTML, JSON in a text, an object with inner
/// content, or something else.
fn unwrapped(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(inner)) => match inner.get("content") {
                Some(inner) => unwrapped(inner),
                // A note may be JSON itself.
                None => Some(text.clone()),
            },
            Ok(Value::String(inner)) => Some(inner),
            _ => Some(text.clone()),
        },
        Value::Object(object) => unwrapped(object.get("content")?),
        _ => None,
    }
}

/// What remains of a text when markup, entities and white space no longer count. Two notes that differ in nothing else
/// are taken for equal.
fn plain(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..3 {
        let decoded = decoded(&text);
        if decoded == text {
            break;
        }
        text = decoded;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('<') {
        plain.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let is_tag = behind.starts_with(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '/' | '!'));
        match behind.find('>').filter(|_| is_tag) {
            Some(end) => rest = &behind[end + 1..],
            None => {
                plain.push('<');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain.retain(|letter| !letter.is_whitespace());
    plain
}

fn decoded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let entity = behind.find(';').filter(|end| *end <= 8).and_then(|end| Some((letter(&behind[..end])?, end)));
        match entity {
            Some((letter, end)) => {
                plain.push(letter);
                rest = &behind[end + 1..];
            }
            None => {
                plain.push('&');
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn letter(entity: &str) -> Option<char> {
    let number = |text: &str, radix| u32::from_str_radix(text, radix).ok().and_then(char::from_u32);
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => match entity.strip_prefix('#')? {
            hexadecimal if hexadecimal.starts_with(['x', 'X']) => number(&hexadecimal[1..], 16),
            decimal => number(decimal, 10),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_known_again_in_every_shape() {
        let note = "Zażółć <b>gęślą</b> & jaźń\n1 < 2";
        let html = "<p>Zażółć &lt;b&gt;gęślą&lt;/b&gt; &amp; jaźń<br />1 &lt; 2</p>";
        let shapes = [
            json!(note),
            json!(html),
            json!(json!({"content": html, "state": {"id": 19}}).to_string()),
            json!({"content": note}),
            json!(json!(note).to_string()),
            json!("Zażółć <b>gęślą</b> &#38; ja&#x17a;ń  1 < 2"),
        ];
        for shape in shapes {
            assert_eq!(unwrapped(&shape).map(|text| plain(&text)), Some(plain(note)), "{shape}");
        }
        for other in [json!({"to": "a@example.com", "body": note}), json!("Zażółć"), json!(null), json!([note])] {
            assert_ne!(unwrapped(&other).map(|text| plain(&text)), Some(plain(note)), "{other}");
        }
        let itself = r#"{"a": 1}"#;
        assert_eq!(unwrapped(&json!(itself)).as_deref(), Some(itself));
    }

    #[test]
    fn a_result_link_is_label_address_and_a_line_an_attribute() {
        let link = ResultLink {
            label: "Test".into(),
            url: "https://x.example/1".into(),
            prefix: Some("test_".into()),
            attributes: vec![("score".into(), "7".into()), ("level".into(), "B".into())],
        };
        assert_eq!(lines(&link), "Test\nhttps://x.example/1\ntest_score: 7\ntest_level: B");
        assert_eq!(lines(&ResultLink { prefix: None, attributes: Vec::new(), ..link }), "Test\nhttps://x.example/1");
    }
}
