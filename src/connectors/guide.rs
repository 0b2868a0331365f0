//! Reads a vendor's `GUIDE.md`, or `GUIDE.de.md`: the part of it that helps to connect an account. Second-level
//! headings are fixed; what stands below any other heading is for the people who work on the connector and is not served.

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guide {
    /// One a bullet of "Prerequisites".
    pub prerequisites: Vec<String>,
    /// "Create credentials".
    pub steps: Vec<Step>,
    /// "Source set-up"; empty when the vendor needs none.
    pub source_setup: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub title: String,
    /// Markdown.
    pub body: String,
}

#[derive(Clone, Copy)]
enum Section {
    Prerequisites,
    Steps,
    SourceSetup,
    NotServed,
}

pub fn parse(markdown: &'static str) -> Guide {
    let mut guide = Guide::default();
    let mut section = Section::NotServed;
    let mut in_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if !in_code && let Some(title) = line.strip_prefix("## ") {
            section = match title.trim() {
                "Prerequisites" | "Voraussetzungen" => Section::Prerequisites,
                "Create credentials" | "Zugangsdaten anlegen" => Section::Steps,
                "Source set-up" | "Quellen einrichten" => Section::SourceSetup,
                _ => Section::NotServed,
            };
            continue;
        }
        match section {
            Section::Prerequisites => add_bullet(&mut guide.prerequisites, line),
            Section::Steps => add_step(&mut guide.steps, line, in_code),
            Section::SourceSetup => add_step(&mut guide.source_setup, line, in_code),
            Section::NotServed => {}
        }
    }
    for step in guide.steps.iter_mut().chain(&mut guide.source_setup) {
        step.body = step.body.trim().to_owned();
    }
    guide
}

/// A bullet may go on in indented lines.
fn add_bullet(bullets: &mut Vec<String>, line: &str) {
    if let Some(text) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        bullets.push(text.trim().to_owned());
    } else if line.starts_with("  ")
        && let Some(last) = bullets.last_mut()
    {
        last.push(' ');
        last.push_str(line.trim());
    }
}

/// Text before the first step belongs to none and is left out.
fn add_step(steps: &mut Vec<Step>, line: &str, in_code: bool) {
    if !in_code && let Some(title) = line.strip_prefix("### ") {
        steps.push(Step { title: title.trim().to_owned(), body: String::new() });
    } else if let Some(step) = steps.last_mut() {
        step.body.push_str(line);
        step.body.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_served_part_is_read_and_the_rest_is_left_out() {
        let guide = parse(
            "# Vendor\nIntroduction.\n\n## Prerequisites\n\n- An account\n- Rights that\n  go on here\n\n\
             ## Create credentials\nNot a step.\n\n### Open the settings\n\nGo to *Settings*.\n\n1. First\n2. Second\n\n\
             ### Copy\n```\n## not a heading\n### nor this\n```\n\n## Quirks\n### Not a step\n- not a prerequisite\n",
        );
        assert_eq!(guide.prerequisites, ["An account", "Rights that go on here"]);
        let steps: Vec<_> = guide.steps.iter().map(|step| (step.title.as_str(), step.body.as_str())).collect();
        assert_eq!(
            steps,
            [
                ("Open the settings", "Go to *Settings*.\n\n1. First\n2. Second"),
                ("Copy", "```\n## not a heading\n### nor this\n```"),
            ]
        );
        assert!(guide.source_setup.is_empty());
    }

    #[test]
    fn source_set_up_is_steps_too() {
        let guide = parse("## Source set-up\n### Pick one\nBody.\n");
        assert_eq!(guide.source_setup, [Step { title: "Pick one".into(), body: "Body.".into() }]);
        assert_eq!(parse(""), Guide::default());
    }
}
