//! Small rules about text that every vendor's mapping shares.

/// Trimmed text, or nothing when the vendor sent an empty one.
pub fn present(text: Option<impl Into<String>>) -> Option<String> {
    let text = text?.into();
    let trimmed = text.trim();
    match trimmed.len() {
        0 => None,
        length if length == text.len() => Some(text),
        _ => Some(trimmed.to_owned()),
    }
}

/// The form in which names are ordered and searched: lower case, so that it does not depend on a database's
/// collation.
pub fn sort_key(text: Option<&str>) -> String {
    text.map(str::to_lowercase).unwrap_or_default()
}
