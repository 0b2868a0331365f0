//! The forms of a description: as the vendor gives it, safe to render, without any markup.

use super::vocabulary::TextFormat;

/// A line break of its own is all that plain text keeps of the layout.
const WIDTH: usize = 100_000;

pub fn render(text: &str, format: TextFormat) -> String {
    match format {
        TextFormat::Original => text.to_owned(),
        TextFormat::SanitizedHtml => ammonia::clean(text),
        TextFormat::PlainText => {
            let plain = html2text::config::plain_no_decorate().string_from_read(text.as_bytes(), WIDTH);
            // It fails only for widths that are too narrow.
            plain.map_or_else(|_| ammonia::clean_text(text), |plain| plain.trim().to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_kept_cleaned_or_taken_out() {
        let html = "<p onclick=\"x()\">Hello <b>you</b> &amp; all</p><script>alert(1)</script><ul><li>one</li></ul>";
        assert_eq!(render(html, TextFormat::Original), html);
        let safe = render(html, TextFormat::SanitizedHtml);
        assert!(safe.contains("<b>you</b>") && !safe.contains("script") && !safe.contains("onclick"), "{safe}");
        let plain = render(html, TextFormat::PlainText);
        assert!(plain.starts_with("Hello you & all"), "{plain}");
        assert!(plain.contains("one") && !plain.contains('<') && !plain.contains("alert"), "{plain}");
    }
}
