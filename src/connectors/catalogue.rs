//! Texts in another language, found by the English ones: `{}` stands for a part that differs, and is carried over. A
//! text that no entry fits stays English, so that a new message is understood badly rather than not at all.

/// English, and what it is in the other language.
pub type Catalogue = &'static [(&'static str, &'static str)];

/// What every vendor's tests may say.
pub const GERMAN: Catalogue = &[
    ("Readable.", "Lesbar."),
    ("Scope {}", "Scope {}"),
    ("Permission {}", "Berechtigung {}"),
    ("Try again in a few minutes.", "Versuchen Sie es in ein paar Minuten noch einmal."),
    ("{} limits how often it may be asked.", "{} begrenzt, wie oft gefragt werden darf."),
    ("{} of {} answered with status {}.", "{} von {} hat mit dem Status {} geantwortet."),
    ("{} answered with the unexpected status {}.", "{} hat unerwartet mit dem Status {} geantwortet."),
    ("{} answered {} that is not JSON.", "{} hat mit {} geantwortet, das kein JSON ist."),
    ("{} answered an unexpected shape: {}.", "{} hat in einer unerwarteten Form geantwortet: {}."),
    ("The vendor asks to wait for {} seconds.", "Der Anbieter bittet um {} Sekunden Geduld."),
    (
        "{} cannot be reached: the host name does not exist.",
        "{} ist nicht erreichbar: Den Namen des Servers gibt es nicht.",
    ),
    (
        "{} cannot be reached: the host name could not be looked up.",
        "{} ist nicht erreichbar: Der Name des Servers ließ sich nicht nachschlagen.",
    ),
    (
        "{} cannot be reached: no connection could be made.",
        "{} ist nicht erreichbar: Es kam keine Verbindung zustande.",
    ),
    ("{} cannot be reached: no answer in time.", "{} ist nicht erreichbar: Es kam nicht rechtzeitig eine Antwort."),
    (
        "{} cannot be reached: the connection broke before the answer was complete.",
        "{} ist nicht erreichbar: Die Verbindung brach ab, bevor die Antwort vollständig war.",
    ),
    ("The host of {} cannot be used: {}.", "Der Server von {} kann nicht benutzt werden: {}."),
    ("{} redirects to another host.", "{} verweist auf einen anderen Server."),
    ("{} redirects to nowhere.", "{} verweist ins Leere."),
    ("{} redirects too often.", "{} verweist zu oft weiter."),
];

/// The first entry that fits; none when none does.
pub fn translate(catalogues: &[Catalogue], text: &str) -> Option<String> {
    catalogues.iter().flat_map(|catalogue| catalogue.iter()).find_map(|(english, other)| {
        let parts = parts(english, text)?;
        Some(fill(other, &parts))
    })
}

/// What stands for each `{}`, when the text is of this form.
fn parts<'a>(form: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut fixed = form.split("{}");
    let mut rest = text.strip_prefix(fixed.next().unwrap_or_default())?;
    let fixed: Vec<&str> = fixed.collect();
    let mut parts = Vec::with_capacity(fixed.len());
    for (at, next) in fixed.iter().enumerate() {
        let end = if at + 1 == fixed.len() { rest.strip_suffix(next)?.len() } else { rest.find(next)? };
        parts.push(&rest[..end]);
        rest = &rest[end + next.len()..];
    }
    rest.is_empty().then_some(parts)
}

/// The parts in the places of `{}`, in their order.
pub fn fill(form: &str, parts: &[&str]) -> String {
    let mut filled = String::with_capacity(form.len());
    for (at, fixed) in form.split("{}").enumerate() {
        if at > 0 {
            filled.push_str(parts.get(at - 1).copied().unwrap_or_default());
        }
        filled.push_str(fixed);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Catalogue = &[("All is well.", "Alles gut."), ("{} lacks {}.", "{} fehlt {}."), ("a{}", "b{}")];

    #[test]
    fn a_text_is_translated_with_its_parts() {
        let german = |text| translate(&[&[], SAMPLE], text);
        assert_eq!(german("All is well.").as_deref(), Some("Alles gut."));
        assert_eq!(
            german("The key lacks a scope. It lacks it.").as_deref(),
            Some("The key fehlt a scope. It lacks it.")
        );
        assert_eq!(german("a").as_deref(), Some("b"));
        assert_eq!(german("ä lacks ö.").as_deref(), Some("ä fehlt ö."));
        for unknown in ["", "All is well", "All is well. Really.", "it lacks it"] {
            assert_eq!(german(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_entry_keeps_its_parts() {
        for (english, german) in GERMAN {
            assert_eq!(english.matches("{}").count(), german.matches("{}").count(), "{english}");
        }
    }
}
