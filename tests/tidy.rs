//! Tidiness as a test: layering, sizes, words, and documents in step with the code. What clippy can say is in
//! `clippy.toml`.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex_lite::Regex;

/// The whole layering of the core: what each module at the top of `src` may import. `gateway` and `plan` know
/// everybody; areas do not know each other, and where one does, it is for the reason given here.
#[rustfmt::skip]
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // Whoever waits for a place waits on the host's clock, until a deadline; limits adapt to how exchanges end.
    ("admission", &["body", "deadline", "host", "plan", "problem", "retry"]),
    // An exchange of the gateway's own, bounded in time and size.
    ("ask", &["body", "deadline", "host", "plan", "problem", "upstream"]),
    // Looks at all of a request, may have to ask somebody about it, and remembers what was said. Keys are looked for in
    // the query, and taken out of it, as rewriting does. A policy is an expression over the request as routes see it.
    ("auth", &["ask", "body", "deadline", "expression", "forward", "gateway", "host", "memory", "plan", "problem", "route", "transform"]),
    // Documents that a configuration is about are trees as requests have them.
    ("author", &["config", "diagnostic", "json"]),
    // A choice depends on what is remembered of targets, and learns from how exchanges end; keys are made as limits make them,
    // with parameters of the query read as rewriting does; cookies are written as those of logins.
    ("balance", &["auth", "host", "limit", "plan", "pool", "retry", "transform"]),
    // Content of a batch is what its fields say, as for mappings.
    ("batch", &["json", "mapping"]),
    // A body is metered on the host's clock, collected until a deadline, and its trailers are fields like any other.
    // The gateway's word about a caller stands in no trailer of the client's.
    ("body", &["deadline", "forward", "host", "identity"]),
    // A call of a store ends when the host's clock says so, as a body does.
    ("breaker", &["body", "deadline", "host", "plan"]),
    // What is kept depends on who calls; stores are waited for on the host's clock, as bodies are. Hosts are read as routes
    // read them.
    ("cache", &["auth", "body", "breaker", "coding", "deadline", "forward", "gateway", "host", "memory", "plan", "problem", "route", "telemetry", "transform"]),
    // Circuits open by how exchanges end.
    ("circuit", &["host", "problem", "retry"]),
    // Content is collected until a deadline, on the host's clock.
    ("coding", &["body", "deadline", "host"]),
    ("component", &["body", "compression", "config", "diagnostic", "gateway", "host", "limit", "memory", "plan", "problem", "reply", "telemetry"]),
    // What is asked next, of whom the gateway asks it: requests are made by expressions, answers are JSON that is shaped and put
    // together, times are the host's, and what parts allow caches counts for the whole.
    ("compose", &["cache", "expression", "host", "json", "merge", "shape"]),
    // A body that is encoded as it passes.
    ("compression", &["body", "coding"]),
    ("config", &[]),
    ("cors", &[]),
    // What is shown to an upstream: secrets are read as header edits read them, a token endpoint is asked for tokens, and
    // the date of a signature is written as in the log.
    ("credentials", &["ask", "body", "deadline", "host", "identity", "plan", "problem", "telemetry", "transform"]),
    ("deadline", &["host"]),
    ("diagnostic", &[]),
    // Registries are asked as upstreams are; what they say makes the sets that targets are chosen from. Networks are those of
    // trusted proxies; tests run in virtual time.
    ("discovery", &["ask", "balance", "body", "breaker", "deadline", "forward", "host", "live", "plan", "pool", "problem", "sim", "upstream"]),
    // Asks every stage what it would do, and does nothing.
    // What a composed route asks later stands in its steps.
    ("explain", &["auth", "body", "cache", "compose", "cors", "deadline", "forward", "gateway", "host", "limit", "memory", "plan", "problem", "route", "telemetry", "version"]),
    // The trace is passed on as a header field.
    // Expressions read paths and queries as routes and rewriting do, networks as trusted proxies are, and know what was
    // nearly written as the plan does.
    ("expression", &["forward", "json", "plan", "route", "transform"]),
    // Forms are read and written as queries are.
    ("format", &["json", "transform"]),
    ("forward", &["gateway", "plan", "problem", "telemetry"]),
    // Services register over HTTP.
    ("gateway", &["admission", "auth", "balance", "batch", "body", "cache", "circuit", "coding", "compose", "compression", "cors", "credentials", "deadline", "discovery", "expression", "format", "forward", "graphql", "health", "host", "idempotency", "identity", "json", "limit", "live", "mapping", "migration", "plan", "pool", "problem", "redirect", "reply", "retry", "route", "telemetry", "transform", "upstream", "validation", "version"]),
    ("graphql", &["expression", "json"]),
    // Health is judged by how exchanges end, and shared in a store; a probe is an exchange, too.
    ("health", &["balance", "body", "breaker", "circuit", "deadline", "host", "plan", "pool", "problem", "retry", "upstream"]),
    ("host", &["body", "gateway", "limit", "memory", "plan", "telemetry"]),
    // Whose key it is depends on who calls; answers are collected as the cache does it, and kept in stores.
    ("idempotency", &["auth", "body", "breaker", "cache", "deadline", "gateway", "host", "plan", "problem"]),
    // What is told of a caller is the caller's own; keys are secrets, which are read as header edits read them.
    ("identity", &["auth", "host", "plan", "problem", "transform"]),
    ("json", &[]),
    // Limits look at requests as policies do, at who calls, and at what the store of the host has counted; they wait for it
    // on the host's clock, as bodies are waited for. An operator is told as if a consumer had asked, in a request that
    // there is not; dates are written as in the log.
    ("limit", &["auth", "body", "breaker", "config", "deadline", "expression", "forward", "gateway", "host", "memory", "plan", "problem", "route", "telemetry"]),
    // A document in a store, bounded in time as every call of one.
    ("live", &["breaker", "deadline", "host", "plan"]),
    ("mapping", &["coding", "json"]),
    // What areas remember between requests.
    ("memory", &["auth", "breaker", "cache", "credentials", "identity", "limit", "live", "migration", "pool"]),
    ("merge", &["json"]),
    // A split sees requests as limits do; a comparison reads JSON.
    ("migration", &["auth", "expression", "forward", "gateway", "host", "json", "limit", "plan", "route", "telemetry"]),
    // Paths of documents are patterns of routes; what an import writes is read again, and its policies are expressions.
    // Its schemas become those that judge.
    ("openapi", &["author", "diagnostic", "expression", "json", "route", "validation"]),
    // Reads everything that can be written, and makes the policy of every area.
    ("plan", &["admission", "auth", "balance", "batch", "cache", "circuit", "coding", "compose", "compression", "config", "cors", "credentials", "diagnostic", "discovery", "expression", "format", "forward", "graphql", "health", "idempotency", "identity", "json", "limit", "live", "mapping", "merge", "migration", "openapi", "retry", "route", "security_headers", "shape", "transform", "validation", "version"]),
    // All that is remembered of an upstream, put together from the areas that know what to make of it.
    ("pool", &["admission", "balance", "circuit", "discovery", "health", "host", "plan", "retry"]),
    ("problem", &[]),
    ("redirect", &["plan", "route", "transform"]),
    ("reply", &["body", "cache", "compression", "deadline", "forward", "host", "plan", "problem", "telemetry"]),
    // Dates are read as the cache reads them.
    ("retry", &["cache", "deadline", "host", "problem"]),
    // A query condition reads queries as rewriting does. Which version is asked for may stand in what a route captures.
    ("route", &["plan", "transform", "version"]),
    ("security_headers", &[]),
    // A shape is made of the steps of mappings, and of values that are computed.
    ("shape", &["expression", "json", "mapping"]),
    // Its clients hold tokens, which are signed as the gateway signs its own.
    ("sim", &["author", "body", "coding", "config", "diagnostic", "gateway", "host", "identity", "limit", "memory", "plan", "problem", "reply", "route", "telemetry"]),
    // Says who called, and what an answer was like.
    ("telemetry", &["auth", "body", "cache", "compose", "compression", "host", "idempotency", "limit", "migration", "plan", "pool", "problem", "validation", "version"]),
    // A rewritten path is matched again for what it captured. What is changed is calculated by expressions over content in its
    // formats; entity tags are marked as mappings mark them.
    ("transform", &["expression", "format", "host", "json", "mapping", "plan", "problem", "route", "shape"]),
    ("upstream", &["body", "deadline", "host", "plan", "problem"]),
    // Content is JSON, perhaps in a coding; parameters are read as rewriting does, and what is wrong is told as a problem.
    ("validation", &["coding", "json", "problem", "transform"]),
    // Versions are asked for in paths, fields and queries, and dated.
    ("version", &["cache", "host", "plan", "problem", "route", "transform"]),
];

/// Who may name what, by the beginning of a path in `src`; nobody else may.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    (r"\b(spin_sdk|wstd|wasip2)\b", &["component"], "the host's own interfaces are the component's"),
    (r"\btokio\b", &[], "the core runs where there is no tokio"),
    (
        r"\bstd::fs\b",
        &["author/", "component/frozen.rs", "sim/case/read.rs"],
        "the core is given what it needs",
    ),
    (r"\bstd::net::(Tcp|Udp)", &[], "the host makes connections"),
    (r"\bstd::(thread|process)\b", &["component"], "the core has one thread"),
    (r"\bstd::time::(Instant|SystemTime)\b|\bSystemTime::now|\bInstant::now", &[], "time is the host's"),
    (r"\bstd::env\b", &["component/variables.rs"], "what varies comes from the configuration or the host"),
    (r"\be?println!|\beprint!|\bprint!", &["component"], "the core is silent: records go to the host"),
    (
        r"\bBox<dyn\s+Future|\.boxed\(\)|\bPin<Box",
        &["component", "sim"],
        "the core never erases the type of a future",
    ),
];

/// What stands nowhere: not in code, not in comments, not in documents.
const NOWHERE: &[&str] = &[
    r"\bTODO\b",
    r"\bFIXME\b",
    r"\bXXX\b",
    r"\btodo!\(",
    r"\bunimplemented!\(",
    r"\bdbg!\(",
    r"(?i)\bblazing",
    r"(?i)\bsimply\b",
    r"(?i)\bobviously\b",
    r"(?i)\bsynerg",
    r"(?i)\bleverag",
];

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 60;

// === reading ===

/// A file, by its path from the root of the project.
struct File {
    path: String,
    text: String,
}

impl File {
    /// Without the tests at the bottom.
    fn code(&self) -> &str {
        self.text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or(&self.text)
    }

    /// Code without comments.
    fn bare(&self) -> String {
        let lines = self.code().lines().map(|line| line.split("// ").next().unwrap_or(line));
        lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `folder` that ends in `.extension`, without what is built or fetched.
fn files(folder: &str, extension: &str) -> Vec<File> {
    let (mut folders, mut found) = (vec![root().join(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && !["target", "node_modules"].contains(&&*name) {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.into_iter().map(|path| File { text: text(&path), path: relative(&path) }).collect()
}

/// Some of the goldens are not text.
fn text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().into_owned()
}

fn rust_files() -> Vec<File> {
    ["src", "native-runner", "tests", "benches"].into_iter().flat_map(|folder| files(folder, "rs")).collect()
}

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

// === layering ===

#[test]
fn areas_import_only_what_the_table_says() {
    let table: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in files("src", "rs") {
        let area = file.path["src/".len()..].split(['/', '.']).next().unwrap().to_owned();
        if area == "lib" {
            continue;
        }
        match table.get(&*area) {
            None => wrong.push(format!("{}: say in MAY_IMPORT what {area} may import", file.path)),
            Some(may) => wrong.extend(
                imports(&file.bare()).into_iter().filter(|it| *it != area && !may.contains(&&**it)).map(
                    |it| format!("{}: {area} must not import {it} (MAY_IMPORT in tests/tidy.rs)", file.path),
                ),
            ),
        }
    }
    wrong.dedup();
    none(&wrong);
}

/// The modules at the top of the crate that `code` names: `crate::a::B`, `crate::{a, b::C}`.
fn imports(code: &str) -> BTreeSet<String> {
    let one = Regex::new(r"\bcrate::([a-z_]+)").unwrap();
    let many = Regex::new(r"\bcrate::\{([^;]*)\}").unwrap();
    let mut found: BTreeSet<_> = one.captures_iter(code).map(|it| it[1].to_owned()).collect();
    for list in many.captures_iter(code) {
        let (mut depth, mut item) = (0, String::new());
        for character in list[1].chars().chain([',']) {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.insert(item.trim().split("::").next().unwrap_or_default().to_owned());
                    item.clear();
                }
                other => item.push(other),
            }
        }
    }
    found.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

#[test]
fn only_those_who_may_name_the_world() {
    let mut wrong = Vec::new();
    for (pattern, holders, reason) in ONLY_IN {
        let pattern = Regex::new(pattern).unwrap();
        for file in files("src", "rs") {
            let inside = &file.path["src/".len()..];
            if holders.iter().any(|holder| inside.starts_with(holder)) || inside == "author.rs" {
                continue;
            }
            let bare = file.bare();
            wrong.extend(pattern.find(&bare).map(|it| format!("{}: {} - {reason}", file.path, it.as_str())));
        }
    }
    none(&wrong);
}

// === sizes ===

#[test]
fn files_and_functions_are_short() {
    let (mut wrong, mut lengths, mut functions) = (Vec::new(), Vec::new(), Vec::new());
    for file in rust_files() {
        let lines = file.bare().lines().filter(|line| !line.trim().is_empty()).count();
        if lines > FILE_LINES {
            wrong.push(format!("{}: {lines} lines of code, more than {FILE_LINES}", file.path));
        }
        let own = functions_of(file.code());
        for (name, lines) in own.iter().filter(|(_, lines)| *lines > FUNCTION_LINES) {
            wrong.push(format!("{}: {name} has {lines} lines, more than {FUNCTION_LINES}", file.path));
        }
        if file.path.contains("src/") {
            lengths.push(lines);
            functions.extend(own.into_iter().map(|(_, lines)| lines));
        }
    }
    for (what, mut all) in [("lines of code a file", lengths), ("lines a function", functions)] {
        all.sort_unstable();
        let at = |percent: usize| all.get(all.len() * percent / 100).copied().unwrap_or_default();
        println!("{what}: median {}, 90th percentile {}, most {}", at(50), at(90), all.last().unwrap_or(&0));
    }
    none(&wrong);
}

/// Each function's name and number of lines. As rustfmt writes it: a function ends at a brace as far in as its head.
fn functions_of(code: &str) -> Vec<(String, usize)> {
    let head = Regex::new(r"^( *)(?:pub(?:\([a-z]+\))? )?(?:default )?(?:const )?(?:async )?fn ([a-z_0-9]+)")
        .unwrap();
    let lines: Vec<_> = code.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(it) = head.captures(line) else { continue };
        let end = format!("{}}}", &it[1]);
        // A trait's function may have no body: its head ends with `);`, or with the type on a line of its own.
        let declared = [format!("{})", &it[1]), format!("{}-> ", &it[1]), format!("{}    -> ", &it[1])];
        let ends = |line: &&str| {
            let is_declared = declared.iter().any(|declared| line.starts_with(declared));
            *line == end || (is_declared && line.ends_with(';'))
        };
        let length = lines[at..].iter().position(ends).map_or(1, |end| end + 1);
        found.push((it[2].to_owned(), if line.ends_with('}') || line.ends_with(';') { 1 } else { length }));
    }
    found
}

// === words ===

#[test]
fn every_module_says_what_it_is() {
    let silent = rust_files().into_iter().filter(|file| !file.text.trim_start().starts_with("//!"));
    let wrong: Vec<_> = silent.map(|file| format!("{}: begins without //!", file.path)).collect();
    none(&wrong);
}

#[test]
fn modules_are_named_for_what_they_hold() {
    let shapeless = ["mod.rs", "util.rs", "utils.rs", "helpers.rs", "common.rs", "misc.rs"];
    let wrong: Vec<_> = rust_files()
        .into_iter()
        .filter(|file| shapeless.iter().any(|name| file.path.ends_with(&format!("/{name}"))))
        .map(|file| format!("{}: a file is named for the one idea in it", file.path))
        .collect();
    none(&wrong);
}

#[test]
fn nothing_forbidden_is_written() {
    let patterns: Vec<_> = NOWHERE.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
    let mut wrong = Vec::new();
    let all = rust_files().into_iter().chain(["md", "sh", "toml"].into_iter().flat_map(|it| files("", it)));
    for file in all.filter(|file| file.path != "tests/tidy.rs") {
        for (number, line) in (1..).zip(file.text.lines()) {
            let found = patterns.iter().filter_map(|pattern| pattern.find(line));
            wrong.extend(found.map(|it| format!("{}:{number}: {}", file.path, it.as_str())));
        }
    }
    none(&wrong);
}

// === documents ===

#[test]
fn every_case_tells_a_story() {
    let cases = files("tests/cases", "toml").into_iter();
    let wrong: Vec<_> = cases
        .filter(|file| {
            let table = file.text.parse::<toml::Table>().unwrap_or_default();
            table.get("story").and_then(toml::Value::as_str).is_none_or(|story| story.trim().is_empty())
        })
        .map(|file| format!("{}: has no story", file.path))
        .collect();
    none(&wrong);
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut wrong = Vec::new();
    for file in files("", "md") {
        let text = without_code(&file.text);
        for it in link.captures_iter(&text) {
            let (target, anchor) = it[1].split_once('#').unwrap_or((&it[1], ""));
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let here = root().join(&file.path);
            let there = if target.is_empty() { here } else { here.parent().unwrap().join(target) };
            if !there.exists() || !(anchor.is_empty() || has_heading(&there, anchor)) {
                wrong.push(format!("{}: {} leads nowhere", file.path, &it[1]));
            }
        }
    }
    none(&wrong);
}

fn without_code(markdown: &str) -> String {
    markdown.split("```").step_by(2).collect()
}

fn has_heading(page: &Path, anchor: &str) -> bool {
    let text = text(page);
    let slug = |heading: &str| -> String {
        let kept = heading.trim().to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    let mut headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    headings.any(|line| slug(line.trim_start_matches('#')) == anchor)
        || text.contains(&format!("id=\"{anchor}\""))
}
