//! What is sent as a document: an attachment as it is; a note and a result link as small documents of ours, because
//! HR WORKS has no place for them (§5.6).

use bytes::Bytes;

use super::Desk;
use crate::connectors::action::{Action, ResultLink, body_of};
use crate::connectors::error::Error;
use crate::connectors::hrworks::mapping::basic;
use crate::connectors::vendor_http::Body;
use crate::domain::ActionKind;

/// Letters of a label that its document is named after.
const LONGEST_NAME: usize = 80;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub name: String,
    pub content_type: String,
    pub bytes: Bytes,
}

/// How many documents an action sends.
pub fn count(action: &Action<'_>) -> usize {
    match action.kind {
        ActionKind::AddNoteToApplication => usize::from(action.input.note.is_some()),
        ActionKind::AddResultLinkToApplication => usize::from(action.input.link.is_some()),
        _ => action.input.attachments.len(),
    }
}

/// A document on its way.
pub struct Outgoing {
    pub name: String,
    pub content_type: String,
    pub body: Body,
}

impl From<Document> for Outgoing {
    fn from(Document { name, content_type, bytes }: Document) -> Self {
        Self { name, content_type, body: Body::bytes(bytes) }
    }
}

impl Outgoing {
    pub fn of(desk: Desk<'_>, file: usize) -> Result<Self, Error> {
        let (action, input) = (desk.action, desk.action.input);
        match (action.kind, &input.note, &input.link) {
            (ActionKind::AddNoteToApplication, Some(text), _) => Ok(note(action, text).into()),
            (ActionKind::AddResultLinkToApplication, _, Some(link)) => Ok(result_link(link).into()),
            _ => {
                let attachment = input.attachments.get(file).ok_or_else(|| super::unremembered("this attachment"))?;
                let content_type = match attachment.content_type.trim() {
                    "" => "application/octet-stream",
                    given => given,
                };
                Ok(Self {
                    name: attachment.name.clone(),
                    content_type: content_type.to_owned(),
                    body: body_of(desk.files, (file, attachment.size), [Bytes::new(), Bytes::new()]),
                })
            }
        }
    }
}

fn note(action: &Action<'_>, text: &str) -> Document {
    Document {
        name: format!("note-{}.txt", basic(action.created_at)),
        content_type: "text/plain; charset=utf-8".to_owned(),
        bytes: Bytes::from(text.to_owned()),
    }
}

fn result_link(link: &ResultLink) -> Document {
    let (label, url) = (escaped(&link.label), escaped(&link.url));
    // Whatever else a browser might run when it is clicked on stays text.
    let is_web = url::Url::parse(&link.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let url = if is_web { format!("<a href=\"{url}\" rel=\"noopener noreferrer\">{url}</a>") } else { url };
    let mut html = format!(
        "<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>{label}</title></head>\n<body>\n\
         <h1>{label}</h1>\n<p>{url}</p>\n"
    );
    if !link.attributes.is_empty() {
        html.push_str("<table>\n");
        for (key, value) in &link.attributes {
            html.push_str(&format!("<tr><th>{}</th><td>{}</td></tr>\n", escaped(key), escaped(value)));
        }
        html.push_str("</table>\n");
    }
    html.push_str("</body>\n</html>\n");
    Document {
        name: file_name(&link.label),
        content_type: "text/html; charset=utf-8".to_owned(),
        bytes: Bytes::from(html),
    }
}

/// Letters, digits and a little else; everything that means something in a path or to a shell is an underscore.
fn file_name(label: &str) -> String {
    let safe = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_' | '.');
    let name: String = label.chars().map(|letter| if safe(letter) { letter } else { '_' }).take(LONGEST_NAME).collect();
    let name = name.trim_matches(|letter: char| letter == '.' || letter == ' ');
    let has_letters = name.chars().any(char::is_alphanumeric);
    format!("{}.html", if has_letters { name } else { "result" })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::action::Input;

    #[test]
    fn a_note_is_named_after_its_time() {
        let input = Input { note: Some("Grüße".into()), ..Input::default() };
        let created_at = "2026-06-01T10:00:00.9Z".parse().unwrap();
        let action = Action { kind: ActionKind::AddNoteToApplication, input: &input, created_at, taken: &[] };
        assert_eq!(count(&action), 1);
        let Document { name, content_type, bytes } = note(&action, "Grüße");
        assert_eq!((name.as_str(), content_type.as_str()), ("note-20260601T100000Z.txt", "text/plain; charset=utf-8"));
        assert_eq!(bytes, "Grüße");
    }

    #[test]
    fn a_result_link_says_nothing_that_a_browser_would_run() {
        let link = ResultLink {
            label: "<b>Ergebnis</b> & \"mehr\"".into(),
            url: "https://example.test/?a=1&b='\"><script>".into(),
            prefix: None,
            attributes: vec![("Punkte".into(), "<i>7</i>".into())],
        };
        let document = result_link(&link);
        let html = std::str::from_utf8(&document.bytes).unwrap();
        for wanted in [
            "<h1>&lt;b&gt;Ergebnis&lt;/b&gt; &amp; &quot;mehr&quot;</h1>",
            "<a href=\"https://example.test/?a=1&amp;b=&#39;&quot;&gt;&lt;script&gt;\"",
            "<tr><th>Punkte</th><td>&lt;i&gt;7&lt;/i&gt;</td></tr>",
        ] {
            assert!(html.contains(wanted), "{html}");
        }
        assert!(!html.contains("<script") && !html.contains("<b>"));
        assert_eq!(document.name, "_b_Ergebnis__b_ _ _mehr_.html");
        let script = ResultLink { url: "javascript:alert(1)".into(), attributes: Vec::new(), ..link };
        let html = String::from_utf8(result_link(&script).bytes.to_vec()).unwrap();
        assert!(html.contains("<p>javascript:alert(1)</p>") && !html.contains("<a ") && !html.contains("<table>"));
    }

    #[test]
    fn file_names_stay_in_their_folder() {
        for (label, name) in [
            ("Assessment 2026", "Assessment 2026.html"),
            ("../../etc/passwd", "_.._etc_passwd.html"),
            ("a\\b\u{0}c\r\nd", "a_b_c__d.html"),
            ("Straße – Ü", "Straße _ Ü.html"),
            ("...", "result.html"),
            ("", "result.html"),
            ("///", "result.html"),
        ] {
            assert_eq!(file_name(label), name, "{label:?}");
        }
        assert_eq!(file_name(&"ä".repeat(500)).chars().count(), LONGEST_NAME + 5);
    }
}
