//! What type a file has when nobody says so. Pure.

/// Types that servers answer for files of which they know nothing.
const NOTHING: [&str; 7] = [
    "application/octet-stream",
    "binary/octet-stream",
    "application/x-octet-stream",
    "application/binary",
    "application/force-download",
    "application/x-download",
    "application/unknown",
];

/// The type that the server says if it is one, else what the first bytes show, else what the name is used for.
pub fn of(answered: Option<&str>, head: &[u8], name: &str) -> String {
    let says = answered.map(str::trim).filter(|text| {
        let essence = essence(text).to_ascii_lowercase();
        is_media_type(text) && !NOTHING.contains(&essence.as_str())
    });
    let shown = || infer::get(head).map(|kind| kind.mime_type().to_owned());
    let usual = || mime_guess::from_path(name).first_or_octet_stream().to_string();
    says.map(str::to_owned).or_else(shown).unwrap_or_else(usual)
}

/// Whether this is a media type that can stand in a header.
pub fn is_media_type(text: &str) -> bool {
    let token =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c));
    let good = essence(text).split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    good && text.len() <= 200 && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
}

fn essence(text: &str) -> &str {
    text.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_told_from_what_is_none() {
        for (text, good) in [
            ("application/pdf", true),
            ("text/plain; charset=utf-8", true),
            ("pdf", false),
            ("a/", false),
            ("a/b\r\nX: y", false),
        ] {
            assert_eq!(is_media_type(text), good, "{text}");
        }
    }

    #[test]
    fn the_server_is_believed_before_the_bytes_and_the_bytes_before_the_name() {
        let pdf = b"%PDF-1.7\n";
        for (answered, head, name, expected) in [
            (Some("text/html; charset=utf-8"), &pdf[..], "a.doc", "text/html; charset=utf-8"),
            (Some("Application/Octet-Stream; x=y"), &pdf[..], "a.doc", "application/pdf"),
            (Some("nonsense"), &pdf[..], "a.doc", "application/pdf"),
            (None, &b"Hello"[..], "a.txt", "text/plain"),
            (Some("binary/octet-stream"), &b"Hello"[..], "a", "application/octet-stream"),
        ] {
            assert_eq!(of(answered, head, name), expected, "{answered:?} {name}");
        }
    }
}
