//! Holds the tree to its own rules: who imports whom, which crate is used where, how long a file may be, what
//! it may be called, and that our documents name only files that exist. Reads text and knows nothing of types:
//! what it cannot see, a reviewer must. Every rule is a pure function over paths and texts, and has a test of
//! its own with a sample that breaks it, so that no rule can pass by looking at nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The table "Layers" of docs/architecture.md: a module of `src/`, and what it may import beside itself.
/// `connectors` alone means the files that all vendors share; `a::b` means only that part of `a`.
/// A new arrow needs a decision record in docs/decisions.
const MATRIX: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("net", &[]),
    ("connectors", &["domain", "net"]),
    ("connectors/<vendor>", &["domain", "connectors"]),
    ("store", &["domain"]),
    ("sync", &["domain", "connectors", "store"]),
    // `net` for attachments that are given by address: decision 0012.
    ("actions", &["domain", "net", "connectors", "store", "sync"]),
    ("webhooks", &["domain", "net", "store"]),
    ("queue", &["store"]),
    // `Manifest` is re-exported, and `guide` is the format of one of its fields.
    (
        "graphql",
        &[
            "domain",
            "store",
            "sync",
            "actions",
            "webhooks",
            "connectors::manifest",
            "connectors::Manifest",
            "connectors::guide",
        ],
    ),
    ("http", &["domain", "net", "connectors", "store", "sync", "actions", "webhooks", "queue", "graphql"]),
    ("config", &[]),
    ("telemetry", &[]),
    ("cli", ALL),
    ("demo", ALL),
    ("main", ALL),
    ("lib", ALL),
];
const ALL: &[&str] = &["*"];

/// A crate, where under `src/` it may be named, and whether test code elsewhere may name it too.
const CRATES: &[(&str, &[&str], bool)] = &[
    ("axum", &["http", "cli", "demo", "connectors/<vendor>/simulator"], true),
    // In `http` for the transport: what hands requests to the schema.
    ("async_graphql", &["graphql", "http"], false),
    ("async_graphql_value", &["graphql"], false),
    ("async_graphql_axum", &["http"], false),
    ("sea_orm", &["store"], false),
    ("sqlx", &["store", "queue"], false),
    ("graphile_worker", &["queue"], false),
    ("reqwest", &["net"], true),
    ("askama", &["http"], false),
    ("pulldown_cmark", &["http"], false),
];

/// The places that may name a vendor: its own folder, these, and no other.
const NAMES_VENDORS: &[&str] = &["src/connectors/mod.rs", "src/connectors/registry.rs", "src/cli", "src/demo"];

const MOST_LINES: usize = 800;
const EMPTY_NAMES: &[&str] = &["utils", "common", "helpers", "core", "manager", "service", "data"];
const OUR_TOP: &[&str] = &[
    ".ci",
    "benches",
    "docs",
    "migrations",
    "scripts",
    "src",
    "tests",
    "schema.graphql",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "Cargo.toml",
    "Cargo.lock",
    "clippy.toml",
    "deny.toml",
    "rustfmt.toml",
];
const OUR_ENDINGS: &[&str] = &[".rs", ".md", ".toml", ".graphql", ".sh"];

// ── The rules, held to the tree ───────────────────────────────────────────────────────────────────

#[test]
fn modules_import_only_what_the_matrix_allows() {
    let tree = Tree::read();
    assert_none(tree.sources("src/").flat_map(|file| imports(file, &tree.vendors())));
}

#[test]
fn a_vendor_is_named_only_in_its_own_folder_and_in_the_registry() {
    let tree = Tree::read();
    assert_none(tree.sources("src/").flat_map(|file| vendor_names(file, &tree.vendors())));
}

#[test]
fn each_library_is_used_only_in_its_layer() {
    let tree = Tree::read();
    assert_none(tree.sources("src/").flat_map(|file| libraries(file, &tree.vendors())));
}

#[test]
fn no_file_is_longer_than_800_lines() {
    let tree = Tree::read();
    assert_none(tree.sources("").filter_map(length));
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let tree = Tree::read();
    assert_none(tree.sources("src/").filter_map(name));
}

#[test]
fn nothing_is_left_unfinished_ignored_or_asleep() {
    let tree = Tree::read();
    assert_none(tree.sources("").flat_map(banned_words));
}

#[test]
fn documents_name_only_files_that_exist() {
    let tree = Tree::read();
    let documents = tree.files.iter().filter(|file| {
        let path = file.path.as_str();
        path.ends_with(".md")
            && (!path.contains('/') || ["docs/", "src/", "migrations/"].iter().any(|top| path.starts_with(top)))
    });
    assert_none(documents.flat_map(|file| dead_paths(file, &tree.paths)));
}

fn assert_none(findings: impl Iterator<Item = String>) {
    let mut findings: Vec<_> = findings.collect();
    findings.dedup();
    assert!(findings.is_empty(), "{} found:\n{}", findings.len(), findings.join("\n"));
}

// ── The tree ──────────────────────────────────────────────────────────────────────────────────────

struct File {
    /// From the root, with `/`.
    path: String,
    text: String,
}

struct Tree {
    /// Rust sources and Markdown.
    files: Vec<File>,
    /// All files and folders.
    paths: BTreeSet<String>,
}

impl Tree {
    fn read() -> Self {
        let mut tree = Self { files: Vec::new(), paths: BTreeSet::new() };
        tree.walk(Path::new(env!("CARGO_MANIFEST_DIR")), "");
        assert!(tree.paths.contains("src/lib.rs") && tree.paths.contains("src/domain/mod.rs"), "no sources were read");
        tree
    }

    fn walk(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            let name = entry.file_name().to_string_lossy().into_owned();
            if ["target", ".git", "node_modules"].contains(&name.as_str()) {
                continue;
            }
            let path = format!("{prefix}{name}");
            if entry.path().is_dir() {
                self.walk(&entry.path(), &format!("{path}/"));
            } else if path.ends_with(".rs") || path.ends_with(".md") {
                let text = fs::read_to_string(entry.path()).unwrap_or_else(|error| panic!("{path}: {error}"));
                self.files.push(File { path: path.clone(), text });
            }
            self.paths.insert(path);
        }
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
    }

    fn sources<'a>(&'a self, below: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.path.starts_with(below) && file.path.ends_with(".rs"))
    }

    /// The folders under src/connectors that hold a connector, and not what all vendors share.
    fn vendors(&self) -> Vec<String> {
        const MARKS: &[&str] = &["manifest.rs", "GUIDE.md", "simulator.rs", "simulator"];
        let vendor = |path: &String| {
            let (folder, name) = path.strip_prefix("src/connectors/")?.split_once('/')?;
            MARKS.contains(&name).then(|| folder.to_owned())
        };
        self.paths.iter().filter_map(vendor).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

// ── Rules over Rust sources ───────────────────────────────────────────────────────────────────────

fn imports(file: &File, vendors: &[String]) -> Vec<String> {
    let row = row_of(&file.path, vendors);
    let Some((_, may)) = MATRIX.iter().find(|(name, _)| *name == row) else {
        let advice = "is no row of the import matrix; add it to docs/architecture.md and to MATRIX in this test";
        return vec![format!("{}:1: `{row}` {advice}", file.path)];
    };
    let home = module_path(&file.path);
    let mut findings = Vec::new();
    for used in paths(&tokens(&file.text)) {
        let Some(target) = used.within_crate(&home, file.path == "src/main.rs") else { continue };
        let own = home.first().is_some_and(|module| target.first() == Some(module));
        let allowed = own
            || *may == ALL
            || may.iter().any(|entry| {
                let entry: Vec<_> = entry.split("::").collect();
                target.len() >= entry.len() && target.iter().zip(&entry).all(|(part, allowed)| part == allowed)
            });
        if !allowed {
            let target = if target.is_empty() { "crate".to_owned() } else { target.join("::") };
            let advice = match may.len() {
                0 => "it may import none of our modules".to_owned(),
                _ => format!("it may import {}", may.join(", ")),
            };
            findings.push(format!(
                "{}:{}: `{row}` may not import `{target}`; {advice} (docs/architecture.md, Layers): pass in what is \
                 needed, or move it to where it may be",
                file.path, used.line
            ));
        }
    }
    findings
}

fn vendor_names(file: &File, vendors: &[String]) -> Vec<String> {
    if NAMES_VENDORS.iter().any(|place| is_in(&file.path, place)) {
        return Vec::new();
    }
    let others = |token: &&Token| {
        vendors.contains(&token.text) && !file.path.starts_with(&format!("src/connectors/{}/", token.text))
    };
    let finding = |token: &Token| {
        let advice = "only its own folder and the registry name a vendor; say it in the manifest or in shared files";
        format!("{}:{}: names the vendor `{}`: {advice}", file.path, token.line, token.text)
    };
    tokens(&file.text).iter().filter(others).map(finding).collect()
}

fn libraries(file: &File, vendors: &[String]) -> Vec<String> {
    let mut place = file.path.trim_start_matches("src/").to_owned();
    if let Some(vendor) = vendors.iter().find(|vendor| place.starts_with(&format!("connectors/{vendor}/"))) {
        place = place.replacen(vendor.as_str(), "<vendor>", 1);
    }
    let all_test = is_test_file(&file.path);
    let mut findings = Vec::new();
    for used in paths(&tokens(&file.text)) {
        let Some((name, homes, tests_too)) = CRATES.iter().find(|(name, ..)| *name == used.parts[0]) else { continue };
        let free = *tests_too && (used.test || all_test);
        if !free && !homes.iter().any(|home| is_in(&place, home)) {
            let homes = homes.join(", ");
            findings.push(format!(
                "{}:{}: `{name}` may be used only in {homes}: ask that module for it",
                file.path, used.line
            ));
        }
    }
    findings
}

fn length(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    (lines > MOST_LINES).then(|| {
        format!("{}:{lines}: {lines} lines, more than {MOST_LINES}: one idea a file; split it by idea", file.path)
    })
}

fn name(file: &File) -> Option<String> {
    let parts = file.path.split('/').map(|part| part.trim_end_matches(".rs"));
    let empty = parts.into_iter().find(|part| EMPTY_NAMES.contains(part))?;
    Some(format!("{}:1: `{empty}` says nothing: name the module by its noun or by the verb that it does", file.path))
}

fn banned_words(file: &File) -> Vec<String> {
    let tokens = tokens(&file.text);
    let test_file = is_test_file(&file.path);
    let mut findings = Vec::new();
    let mut found = |line: usize, what: &str, advice: &str| {
        findings.push(format!("{}:{line}: {what}: {advice}", file.path));
    };
    for (i, token) in tokens.iter().enumerate() {
        let then = |ahead: usize| tokens.get(i + ahead).map_or("", |token| token.text.as_str());
        let word = token.text.as_str();
        if ["todo", "unimplemented", "dbg"].contains(&word) && then(1) == "!" && !token.test && !test_file {
            found(token.line, &format!("`{word}!`"), "finish it, or answer with an error");
        }
        if word == "#" && then(1) == "[" && then(2) == "ignore" {
            found(token.line, "`#[ignore]`", "a test runs always or is deleted");
        }
    }
    if file.path.starts_with("tests/") {
        let sleeps = |path: &Used| {
            let [.., module, function] = path.parts.as_slice() else { return false };
            ["thread", "time"].contains(&module.as_str()) && ["sleep", "sleep_until"].contains(&function.as_str())
        };
        for path in paths(&tokens).into_iter().filter(sleeps) {
            found(path.line, "a test sleeps", "wait for what must happen, or move the clock that was passed in");
        }
    }
    findings
}

/// The matrix's row for a file under `src/`.
fn row_of(path: &str, vendors: &[String]) -> String {
    match module_path(path).as_slice() {
        [] => path.trim_start_matches("src/").trim_end_matches(".rs").to_owned(),
        [first, second, ..] if first == "connectors" && vendors.contains(second) => "connectors/<vendor>".to_owned(),
        [first, ..] => first.clone(),
    }
}

/// `src/a/b.rs` and `src/a/b/mod.rs` are the module `a::b`, `src/lib.rs` the crate's root.
fn module_path(path: &str) -> Vec<String> {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').filter(|part| !["lib", "main"].contains(part)).map(str::to_owned).collect()
}

/// Whether `path` is the file or folder `place`, or lies below it.
fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest == ".rs")
}

fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

// ── Reading Rust ──────────────────────────────────────────────────────────────────────────────────

struct Token {
    /// A word, `::`, or one other character; comments and literals are left out.
    text: String,
    line: usize,
    /// The modules within the file that it lies in.
    inner: Vec<String>,
    /// Whether it lies in something that is marked `#[cfg(test)]`.
    test: bool,
}

/// A path as the code names it, `use` groups taken apart.
#[derive(Clone)]
struct Used {
    parts: Vec<String>,
    line: usize,
    inner: Vec<String>,
    test: bool,
}

impl Used {
    /// The path from the crate's root; none for paths into other crates and for local names.
    fn within_crate(&self, home: &[String], in_binary: bool) -> Option<Vec<String>> {
        let mut at: Vec<String> = home.iter().chain(&self.inner).cloned().collect();
        let mut rest = &self.parts[1..];
        match self.parts[0].as_str() {
            "crate" => at.clear(),
            "hiregraph" if in_binary => at.clear(),
            "self" => {}
            "super" => rest = &self.parts,
            _ => return None,
        }
        while let [first, tail @ ..] = rest
            && first == "super"
        {
            at.pop();
            rest = tail;
        }
        at.extend(rest.iter().filter(|part| *part != "self").cloned());
        Some(at)
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let (mut i, mut line) = (0, 1);
    while i < chars.len() {
        let start = i;
        let next = chars.get(i + 1).copied().unwrap_or(' ');
        match chars[i] {
            '/' if next == '/' => i += chars[i..].iter().take_while(|c| **c != '\n').count(),
            '/' if next == '*' => i = after_block_comment(&chars, i),
            '"' => i = after_string(&chars, i),
            '\'' if next == '\\' => i += 4 + chars.iter().skip(i + 3).take_while(|c| **c != '\'').count(),
            '\'' if chars.get(i + 2) == Some(&'\'') => i += 3,
            // A label or a lifetime.
            '\'' => i += 1 + chars[i + 1..].iter().take_while(|c| is_in_word(**c)).count(),
            c if is_in_word(c) => {
                i += chars[i..].iter().take_while(|c| is_in_word(**c)).count();
                let word: String = chars[start..i].iter().collect();
                let hashes = chars[i..].iter().take_while(|c| **c == '#').count();
                let quoted = chars.get(i + hashes) == Some(&'"');
                if ["r", "br", "cr"].contains(&word.as_str()) && quoted {
                    i = after_raw_string(&chars, i + hashes + 1, hashes);
                } else if word == "r" && hashes == 1 {
                    i += 1;
                } else {
                    tokens.push(Token { text: word, line, inner: Vec::new(), test: false });
                }
            }
            c => {
                i += if c == ':' && next == ':' { 2 } else { 1 };
                if !c.is_whitespace() {
                    let text = chars[start..i].iter().collect();
                    tokens.push(Token { text, line, inner: Vec::new(), test: false });
                }
            }
        }
        i = i.min(chars.len());
        line += chars[start..i].iter().filter(|c| **c == '\n').count();
    }
    place(&mut tokens);
    tokens
}

fn after_string(chars: &[char], mut i: usize) -> usize {
    i += 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

fn after_raw_string(chars: &[char], mut i: usize, hashes: usize) -> usize {
    let ends = |i: usize| chars[i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    while i < chars.len() && !ends(i) {
        i += 1;
    }
    i + 1 + hashes
}

fn after_block_comment(chars: &[char], mut i: usize) -> usize {
    let mut depth = 0;
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

/// Tells every token in which module of the file, and whether in test code, it lies.
fn place(tokens: &mut [Token]) {
    /// What a pair of braces encloses.
    struct Block {
        module: Option<String>,
        test: bool,
    }
    let mut blocks: Vec<Block> = Vec::new();
    let (mut marked, mut module) = (false, None);
    for i in 0..tokens.len() {
        let is = |ahead: usize, text: &str| tokens.get(i + ahead).is_some_and(|token| token.text == text);
        if is(0, "#") && is(1, "[") && is(2, "cfg") && is(3, "(") && is(4, "test") && is(5, ")") {
            marked = true;
        }
        if is(0, "mod") && is(2, "{") {
            module = Some(tokens[i + 1].text.clone());
        }
        let (opens, closes, ends) = (is(0, "{"), is(0, "}"), is(0, ";"));
        tokens[i].test = marked || blocks.iter().any(|block| block.test);
        tokens[i].inner = blocks.iter().filter_map(|block| block.module.clone()).collect();
        if opens {
            blocks.push(Block { module: module.take(), test: std::mem::take(&mut marked) });
        } else if closes {
            blocks.pop();
        } else if ends {
            marked = false;
        }
    }
}

fn paths(tokens: &[Token]) -> Vec<Used> {
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let before = |back: usize| i.checked_sub(back).map_or("", |at| tokens[at].text.as_str());
        let goes_on = before(1) == "." || (before(1) == "::" && (is_word(before(2)) || before(2) == ">"));
        if is_word(&tokens[i].text) && !goes_on {
            i = path(tokens, i, &[], &mut found);
        } else {
            i += 1;
        }
    }
    found
}

/// Reads one path, or a group of them, from `i` on; returns where it ends.
fn path(tokens: &[Token], mut i: usize, before: &[String], found: &mut Vec<Used>) -> usize {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let Some(first) = tokens.get(i) else { return i };
    let mut parts = before.to_vec();
    loop {
        if text(i) == "{" {
            i += 1;
            while i < tokens.len() && text(i) != "}" {
                // Past commas, `as` and the new name.
                match text(i) {
                    "as" => i += 2,
                    part if is_word(part) || part == "{" || part == "*" => i = path(tokens, i, &parts, found),
                    _ => i += 1,
                }
            }
            return i + 1;
        }
        if !is_word(text(i)) && text(i) != "*" {
            break;
        }
        parts.push(text(i).to_owned());
        i += 1;
        if text(i) != "::" {
            break;
        }
        i += 1;
    }
    found.push(Used { parts, line: first.line, inner: first.inner.clone(), test: first.test });
    i
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

// ── The rule over documents ───────────────────────────────────────────────────────────────────────

fn dead_paths(file: &File, tree: &BTreeSet<String>) -> Vec<String> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut findings = Vec::new();
    let mut fenced = false;
    for (at, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let pieces: Vec<_> = line.split('`').collect();
        for (i, piece) in pieces.iter().enumerate() {
            let dead: Vec<_> = if i % 2 == 0 {
                links(piece).into_iter().filter(|target| !exists(tree, folder, target)).collect()
            } else if i + 1 < pieces.len() {
                piece.split_whitespace().filter_map(|word| dead_word(tree, folder, word)).collect()
            } else {
                Vec::new()
            };
            findings.extend(dead.into_iter().map(|path| {
                format!("{}:{}: `{path}` does not exist: correct it, or name what took its place", file.path, at + 1)
            }));
        }
    }
    findings
}

/// The targets of links into the tree, without their anchors.
fn links(prose: &str) -> Vec<String> {
    let target = |rest: &str| {
        let target = rest.split([')', ' ']).next()?.split('#').next()?.trim_end_matches('/').to_owned();
        (!target.is_empty() && !target.contains(':') && !is_placeholder(&target)).then_some(target)
    };
    prose.split("](").skip(1).filter_map(target).collect()
}

/// The path that a word in code style names, when it looks like one of ours and does not exist.
fn dead_word(tree: &BTreeSet<String>, folder: &str, word: &str) -> Option<String> {
    let word = word.trim_start_matches(['(', '"']).trim_end_matches([',', ';', ':', '.', ')', '"']);
    let word = word.split('#').next().unwrap_or(word);
    let word = match word.rsplit_once(':') {
        Some((path, line)) if line.chars().all(|c| c.is_ascii_digit()) => path,
        _ => word,
    };
    let word = word.trim_start_matches("./").trim_end_matches('/');
    if is_placeholder(word) {
        return None;
    }
    let top = word.split('/').next().unwrap_or(word);
    let ours = OUR_TOP.contains(&top) || tree.contains(top);
    let known_ending = OUR_ENDINGS.iter().any(|ending| word.len() > ending.len() && word.ends_with(ending));
    let found = match (word.contains('/'), ours) {
        (true, true) => exists(tree, folder, word) || tree.contains(word),
        // A part of a path, e.g. `domain/id.rs`, or the name alone.
        _ if known_ending => {
            let end = format!("/{word}");
            exists(tree, folder, word) || tree.contains(word) || tree.iter().any(|path| path.ends_with(&end))
        }
        _ => true,
    };
    (!found).then(|| word.to_owned())
}

fn is_placeholder(path: &str) -> bool {
    path.starts_with(['/', '-', '~'])
        || path.contains("://")
        || path.contains("...")
        || path.contains(|c| "<>{}[]*…$=|\\".contains(c))
}

/// Whether `path`, seen from `folder`, is in the tree.
fn exists(tree: &BTreeSet<String>, folder: &str, path: &str) -> bool {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.is_empty() || tree.contains(&parts.join("/"))
}

// ── Every rule finds what breaks it ───────────────────────────────────────────────────────────────

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

fn vendors() -> Vec<String> {
    vec!["acme".to_owned(), "globex".to_owned()]
}

#[track_caller]
fn assert_lines(findings: impl IntoIterator<Item = String>, expected: &[usize]) {
    let findings: Vec<_> = findings.into_iter().collect();
    let line = |finding: &String| finding.split(':').nth(1).and_then(|line| line.parse::<usize>().ok());
    assert_eq!(findings.iter().filter_map(line).collect::<Vec<_>>(), expected, "{findings:#?}");
}

#[test]
fn an_import_against_the_matrix_is_found_in_every_form() {
    let check =
        |path: &str, text: &str, expected: &[usize]| assert_lines(imports(&file(path, text), &vendors()), expected);
    check("src/domain/id.rs", "use super::Ids;\nuse crate::store::Row;", &[2]);
    check("src/domain/id.rs", "fn f() -> crate::net::Client { crate::domain::new() }", &[1]);
    check("src/domain/id.rs", "use super::super::store;\nuse super::record::Job;", &[1]);
    check("src/domain/mod.rs", "mod tests {\n use super::*;\n use super::super::net::Client;\n}", &[3]);
    check("src/store/mod.rs", "use crate::{\n domain::{Id, Job},\n sync::{self, Run as R},\n};", &[3, 3]);
    check("src/store/mod.rs", "#[cfg(test)]\nmod tests {\n use crate::sync::Run;\n}", &[3]);
    check("src/store/mod.rs", "use crate::*;\nuse super::*;\nuse crate::{*};\nuse crate as us;", &[1, 2, 3, 4]);
    check("src/store/mod.rs", "macro_rules! m { () => { $crate::http::f() } }", &[1]);
    check("src/graphql/mod.rs", "use crate::connectors::{Manifest, manifest::field};\nuse crate::connectors;", &[2]);
    check("src/graphql/mod.rs", "use crate::connectors::Registry;\nuse crate::connectors::*;", &[1, 2]);
    check("src/connectors/acme/mapping.rs", "use super::super::Page;\nuse crate::net::Client;\nuse super::wire;", &[2]);
    check("src/connectors/page.rs", "use crate::net::Client;\nuse crate::store::Row;", &[2]);
    check("src/main.rs", "use hiregraph::http::serve;", &[]);
    check("src/novel/mod.rs", "", &[1]);
}

#[test]
fn comments_and_literals_are_not_taken_for_code() {
    let text = "//! [`crate::store`]\n/* crate::store::a /* b */ crate::store */\nconst A: &str = \"crate::store::\\\"a\";\n\
                const B: &str = r#\"\"crate::store::a\"#; const C: [char; 3] = ['\"', '\\'', '{'];\n\
                fn f<'a>(r#use: &'a str) {}\nuse crate::store::Row;";
    assert_lines(imports(&file("src/domain/id.rs", text), &[]), &[6]);
}

#[test]
fn a_vendor_named_outside_its_folder_is_found() {
    let check = |path: &str, text: &str, expected: &[usize]| {
        assert_lines(vendor_names(&file(path, text), &vendors()), expected);
    };
    check("src/connectors/acme/mod.rs", "use super::acme::wire;\nuse super::globex::wire;", &[2]);
    check("src/connectors/registry.rs", "use super::{acme::Acme, globex::Globex};", &[]);
    check("src/connectors/guide.rs", "use super::acme::GUIDE;", &[1]);
    check("src/sync/mod.rs", "fn f() {}\n\nuse crate::connectors::{acme, Page};", &[3]);
    check("src/cli/demo.rs", "use crate::connectors::acme::simulator;", &[]);
}

#[test]
fn a_library_outside_its_layer_is_found() {
    let check =
        |path: &str, text: &str, expected: &[usize]| assert_lines(libraries(&file(path, text), &vendors()), expected);
    check("src/connectors/acme/client.rs", "use axum::Router;", &[1]);
    check("src/connectors/acme/simulator.rs", "use axum::Router;", &[]);
    check("src/connectors/acme/simulator/seed.rs", "use axum::Router;", &[]);
    check("src/sync/mod.rs", "use sea_orm::{Set};\n#[derive(async_graphql::Enum)]\nenum A {}", &[1, 2]);
    check("src/store/entity/job.rs", "use sea_orm::entity::prelude::*;", &[]);
    check("src/http/connect.rs", "use {::reqwest::Client, sea_orm as s};", &[1, 1]);
    check(
        "src/sync/a.rs",
        "#[cfg(test)]\nmod tests {\n use axum::Router;\n use sea_orm::Set;\n}\nuse axum::Json;",
        &[4, 6],
    );
    check("src/net/client.rs", "use reqwest::Client;", &[]);
}

#[test]
fn a_file_of_801_lines_is_found() {
    assert_lines(length(&file("tests/it/a.rs", &"\n".repeat(800))), &[]);
    assert_lines(length(&file("tests/it/a.rs", &"\n".repeat(801))), &[801]);
}

#[test]
fn an_empty_name_is_found_as_file_and_as_folder() {
    assert_lines(name(&file("src/sync/utils.rs", "")), &[1]);
    assert_lines(name(&file("src/core/mod.rs", "")), &[1]);
    assert_lines(name(&file("src/domain/record.rs", "")), &[]);
}

#[test]
fn what_is_unfinished_ignored_or_asleep_is_found() {
    let check = |path: &str, text: &str, expected: &[usize]| assert_lines(banned_words(&file(path, text)), expected);
    check("src/sync/a.rs", "fn a() { todo!() }\nfn b() { unimplemented!(\"x\") }\nfn c() { dbg!(1); }", &[1, 2, 3]);
    check("src/sync/a.rs", "// todo!\n#[cfg(test)]\nmod tests { fn a() { dbg!(1); } }", &[]);
    check("tests/it/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}", &[2]);
    check("tests/it/a.rs", "fn a() { std::thread::sleep(b); }\nuse tokio::time::{self, sleep};", &[1, 2]);
    check("tests/it/a.rs", "use tokio::time;\nasync fn a() { time::sleep_until(b).await }", &[2]);
    check("src/queue/a.rs", "async fn a() { tokio::time::sleep(b).await }", &[]);
}

#[test]
fn a_path_that_does_not_exist_is_found_in_code_style_and_in_links() {
    let tree: BTreeSet<String> =
        ["src", "src/domain", "src/domain/id.rs", "docs", "docs/a.md", "README.md"].map(str::to_owned).into();
    let check =
        |path: &str, text: &str, expected: &[usize]| assert_lines(dead_paths(&file(path, text), &tree), expected);
    check("README.md", "`src/domain/id.rs:3`, `domain/id.rs`, `id.rs`, `docs/`\n`src/domain/no.rs`\n`no.rs`", &[2, 3]);
    check(
        "README.md",
        "run `scripts/with-x cargo test`\n[a](docs/a.md#b) [b](docs/b.md)\n[`c`](docs/c.md)",
        &[1, 2, 3],
    );
    check("docs/a.md", "[up](../README.md) [same](a.md) [web](https://a.b/c.md) [here](#x)\n[no](README.md)", &[2]);
    check("README.md", "`docs/<slug>.md` `src/*.rs` `src/{a,b}.rs` `text/plain` `/v2/src/a.rs` `docs/….md`", &[]);
    check("README.md", "```text\n`src/no.rs`\n```\n`src/no.rs`", &[4]);
}
