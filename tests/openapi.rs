//! OpenAPI documents become configurations, and nothing of a document is lost without a word.
//!
//! Beside each document in `tests/openapi` stands the configuration that it becomes, and what its author is told:
//! `TOLLGATE_BLESS=1 cargo test -p tollgate --test openapi` writes both anew.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;
use tollgate::author::{self, Locations};
use tollgate::json::Node;
use tollgate::openapi::Document;
use tollgate::openapi::import::{
    Described, Fate, Import, Options, Report, Section, Setting, import, toml, yaml,
};
use tollgate::plan::{Abilities, Plan};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi")
}

/// The documents in `tests/openapi`, by their files' names.
fn documents() -> Vec<(String, Node<'static>, Locations)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if matches!(path.extension().and_then(|it| it.to_str()), Some("yaml" | "json")) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let (node, locations) = read(&path);
            found.push((name, node, locations));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(found.len() > 2);
    found
}

fn read(path: &Path) -> (Node<'static>, Locations) {
    let name = path.file_name().unwrap().to_string_lossy();
    let text = fs::read_to_string(path).unwrap();
    author::described(&name, &text).unwrap_or_else(|found| panic!("{name}: {}", found[0]))
}

fn imported(node: &Node<'_>, options: &Options) -> Import {
    import(&Document::read(node).unwrap(), options)
}

/// As with `--validate`.
fn validated() -> Options {
    let described = Described { name: "api".to_owned(), file: "openapi/api.json".to_owned() };
    Options { validate: Some(described), ..Options::default() }
}

/// The same configuration with the document in it, for there are no files here.
fn with_document(sections: &[Section], node: &Node<'_>) -> String {
    let mut sections = sections.to_vec();
    for section in sections.iter_mut().filter(|section| section.path[0] == "openapi") {
        section.settings = vec![("json".to_owned(), Setting::Text(node.to_text()))];
    }
    toml(&[], &sections)
}

/// What `tollgate check` finds wrong with it.
fn mistakes(name: &str, text: &str) -> Vec<String> {
    let found = author::load(&[(name.to_owned(), text.to_owned())])
        .and_then(|loaded| Plan::compile(&loaded.documents, &Abilities::NATIVE));
    found.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The sections without what is only said.
fn acts(sections: &[Section]) -> Vec<Section> {
    sections.iter().map(|section| Section { comments: Vec::new(), ..section.clone() }).collect()
}

fn compare(path: &Path, actual: &str) -> Option<String> {
    if std::env::var_os("TOLLGATE_BLESS").is_some() {
        fs::write(path, actual).unwrap();
        return None;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    let difference = TextDiff::from_lines(&expected, actual);
    let difference = difference.unified_diff().context_radius(3).header("expected", "actual").to_string();
    (expected != actual).then(|| format!("{}:\n{difference}", path.display()))
}

#[test]
fn documents_become_what_is_expected() {
    let mut wrong = Vec::new();
    for (name, node, locations) in documents() {
        let import = imported(&node, &Options::default());
        let written = toml(&[format!("From {name}.")], &import.sections);
        wrong.extend(mistakes("a.toml", &written));
        wrong.extend(compare(&folder().join(&name).with_extension("toml"), &written));
        let report = Report::of(&name, &import, |pointer| locations.place(&name, pointer)).text();
        wrong.extend(compare(&folder().join(&name).with_extension("txt"), &report));
        let other = yaml(&[], &import.sections);
        let values = |name: &str, text: &str| author::values(name, text).unwrap();
        assert_eq!(values("a.toml", &written), values("a.yaml", &other), "{name}: {other}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn routes_go_where_the_author_wants() {
    let (_, node, _) = documents().into_iter().find(|(name, ..)| name == "shop.yaml").unwrap();
    let taken = BTreeSet::from(["listPets".to_owned(), "key".to_owned(), "eu.shop.example".to_owned()]);
    let options = Options {
        prefix: "/shop".to_owned(),
        upstream: Some("pets".to_owned()),
        taken,
        ..Options::default()
    };
    let sections = imported(&node, &options).sections;
    let text = toml(&[], &sections);
    assert_eq!(mistakes("a.toml", &text), Vec::<String>::new(), "{text}");
    let upstreams: Vec<_> = sections.iter().filter(|it| it.path[0] == "upstreams").collect();
    assert_eq!(upstreams.len(), 1, "{text}");
    assert_eq!(upstreams[0].path[1], "pets");
    for part in [
        "id = \"listPets-2\"",
        "[auth.key-2.api_key]",
        "path = \"/shop/pets/{pet_id}\"",
        "rewrite = { path = \"/pets/{pet_id}\" }",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let options = Options { upstream_is_known: true, ..options };
    let sections = imported(&node, &options).sections;
    assert!(sections.iter().all(|it| it.path[0] != "upstreams"));
    let to = |section: &Section| section.settings.iter().find(|(key, _)| key == "upstream").cloned();
    let routes = sections.iter().filter(|it| it.listed);
    assert!(routes.into_iter().all(|it| to(it).unwrap().1 == Setting::Text("pets".to_owned())));
}

// === the account ===

/// Every value of a document that has no other in it, by its pointer.
fn leaves(node: &Node<'_>, at: &str, found: &mut Vec<String>) {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match node {
        Node::Array(elements) if !elements.is_empty() => {
            for (index, element) in elements.iter().enumerate() {
                leaves(element, &format!("{at}/{index}"), found);
            }
        }
        Node::Object(members) if !members.is_empty() => {
            for (name, member) in members.iter() {
                leaves(member, &format!("{at}/{}", escaped(name)), found);
            }
        }
        _ => found.push(at.to_owned()),
    }
}

/// What is wrong with an account: values that nothing or more than one thing became of, and values that there are not.
fn disorder(node: &Node<'_>, import: &Import) -> Vec<String> {
    let mut entries: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &import.account.entries {
        entries.insert(&entry.pointer, 0);
    }
    let mut wrong = Vec::new();
    if entries.len() != import.account.entries.len() {
        wrong.push("something is accounted for twice".to_owned());
    }
    let mut found = Vec::new();
    leaves(node, "", &mut found);
    for leaf in &found {
        let ends = leaf.match_indices('/').map(|(at, _)| at).chain([leaf.len()]);
        let around: Vec<_> =
            ends.filter_map(|end| entries.get_key_value(&leaf[..end])).map(|(key, _)| *key).collect();
        match around.as_slice() {
            [one] => *entries.get_mut(one).unwrap() += 1,
            many => wrong.push(format!("{leaf} is accounted for by {many:?}")),
        }
    }
    wrong.extend(entries.iter().filter(|(_, count)| **count == 0).map(|(at, _)| format!("there is no {at}")));
    wrong
}

#[test]
fn every_value_is_accounted_for_once() {
    for (name, node, _) in documents() {
        for options in [Options::default(), validated()] {
            let wrong = disorder(&node, &imported(&node, &options));
            assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
        }
    }
}

/// With `--validate`, routes name operations, and the plan finds them.
#[test]
fn routes_are_validated_by_operations() {
    let mut operations = 0;
    for (name, node, locations) in documents() {
        let import = imported(&node, &validated());
        let text = with_document(&import.sections, &node);
        assert_eq!(mistakes("a.toml", &text), Vec::<String>::new(), "{name}: {text}");
        operations += text.matches("operation = \"api#").count();
        let report = Report::of(&name, &import, |pointer| locations.place(&name, pointer)).text();
        let wrong = compare(&folder().join(&name).with_extension("validated.txt"), &report);
        assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
    }
    assert!(operations >= 3, "{operations}");
}

/// Where there is something, to change it.
fn place<'n>(node: &'n mut Node<'static>, pointer: &str) -> &'n mut Node<'static> {
    pointer.split('/').skip(1).fold(node, |node, step| {
        let step = step.replace("~1", "/").replace("~0", "~");
        match node {
            Node::Object(members) => members.get_mut(&step).unwrap(),
            Node::Array(elements) => &mut elements[step.parse::<usize>().unwrap()],
            _ => panic!("{pointer}"),
        }
    })
}

fn without(node: &Node<'static>, pointer: &str) -> Node<'static> {
    let mut node = node.clone();
    let (around, last) = pointer.rsplit_once('/').unwrap();
    match place(&mut node, around) {
        Node::Object(members) => drop(members.take(&last.replace("~1", "/").replace("~0", "~")).unwrap()),
        Node::Array(elements) => drop(elements.remove(last.parse().unwrap())),
        _ => panic!("{pointer}"),
    }
    node
}

#[track_caller]
fn same(one: &Import, other: &Import, wanted: bool, what: &str) {
    let texts = [one, other].map(|it| toml(&[], &acts(&it.sections)));
    let difference = TextDiff::from_lines(&texts[1], &texts[0]);
    let difference = difference.unified_diff().context_radius(2).to_string();
    assert_eq!(texts[0] == texts[1], wanted, "{what}:\n{difference}");
}

/// What is said to be documentation or left out changes nothing: without it, the configuration is the same.
#[test]
fn what_is_left_out_changes_nothing() {
    for (name, node, _) in documents() {
        let import = imported(&node, &Options::default());
        let mut tried = 0;
        for entry in import.account.entries.iter().filter(|entry| entry.fate != Fate::Taken) {
            // A requirement that cannot be expressed closes its route, and another document is one without it.
            if entry.pointer.contains("/security/") || entry.pointer.ends_with("/security") {
                continue;
            }
            let less = imported(&without(&node, &entry.pointer), &Options::default());
            same(&less, &import, true, &format!("{name} without {}", entry.pointer));
            tried += 1;
        }
        assert!(tried > 5, "{name}: {tried}");
    }
}

/// What is said to be taken over is: were it another, so would be the configuration.
#[test]
fn what_is_taken_over_matters() {
    // What is judged is nothing to a configuration that names the operation.
    for (name, node, _) in documents().into_iter().filter(|(name, ..)| name != "judged.yaml") {
        let import = imported(&node, &Options::default());
        let taken = import.account.entries.iter().filter(|entry| entry.fate == Fate::Taken);
        let mut found = Vec::new();
        for entry in taken {
            leaves(place(&mut node.clone(), &entry.pointer), &entry.pointer, &mut found);
        }
        let mut tried = 0;
        for leaf in found.iter().filter(|leaf| *leaf != "/openapi") {
            let mut other = node.clone();
            let value = place(&mut other, leaf);
            match value {
                Node::Text(_) => *value = Node::Text("other".into()),
                _ => continue,
            }
            let changed = imported(&other, &Options::default());
            same(&changed, &import, false, &format!("{name} with another {leaf}"));
            tried += 1;
        }
        assert!(tried > 5, "{name}: {tried}");
    }
}

// === whatever stands in a document ===

fn all(node: &Node<'_>, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match node {
        Node::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, it)| all(it, &format!("{at}/{index}"), found));
        }
        Node::Object(members) => {
            members.iter().for_each(|(name, it)| all(it, &format!("{at}/{}", escaped(name)), found));
        }
        _ => {}
    }
}

/// How many routes let everybody in.
fn open(sections: &[Section]) -> usize {
    let public = ("auth".to_owned(), Setting::Text("public".to_owned()));
    sections.iter().filter(|section| section.settings.contains(&public)).count()
}

/// Documents are wrong in every way. Whatever stands wherever: the import ends, what it writes is a configuration, every
/// value is accounted for, and nothing is open because a security scheme is wrong.
#[test]
fn whatever_stands_in_a_document_there_is_a_configuration() {
    let odd = ["null", "7", "\"x\"", "\"${a}\\n#\"", "[]", "{}", "{\"$ref\": \"#\"}", "[{\"a\": [\"b\"]}]"];
    let odd = odd.map(|text| author::described("a.json", text).unwrap().0);
    for (name, node, _) in documents() {
        let before = open(&imported(&node, &Options::default()).sections);
        let mut places = Vec::new();
        all(&node, "", &mut places);
        let looked_at = |at: &&String| {
            ["/paths", "/servers", "/security", "/components/securitySchemes", "/components/pathItems"]
                .iter()
                .any(|part| at.starts_with(part))
                && !["/responses", "/requestBody", "/parameters", "/callbacks"]
                    .iter()
                    .any(|part| at.contains(part))
        };
        for at in places.iter().filter(looked_at) {
            for value in &odd {
                let mut changed = node.clone();
                *place(&mut changed, at) = value.clone();
                let import = imported(&changed, &Options::default());
                let said = format!("{name}: {at} is {}", value.to_text());
                let text = toml(&[], &import.sections);
                assert_eq!(mistakes("a.toml", &text), Vec::<String>::new(), "{said}");
                let wrong = disorder(&changed, &import);
                assert!(wrong.is_empty(), "{said}: {}", wrong.join("\n"));
                if at.starts_with("/components/securitySchemes") {
                    assert!(open(&import.sections) <= before, "{said}");
                }
            }
        }
    }
}

// === real documents ===

/// Documents of different makers, which `scripts/openapi-documents.sh` has put where the variable says.
#[test]
#[ignore = "wants TOLLGATE_OPENAPI_DOCUMENTS, which scripts/openapi-documents.sh fills; see scripts/test.sh"]
fn real_documents_are_imported_and_accounted_for() {
    let folder = std::env::var("TOLLGATE_OPENAPI_DOCUMENTS").expect("the directory of the documents");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{} documents", files.len());
    let mut newer = 0;
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (node, locations) = read(&path);
        let import = imported(&node, &Options::default());
        let version = node.object().unwrap().get("openapi").unwrap().text().unwrap().to_owned();
        newer += usize::from(version.starts_with("3.1"));
        let written = toml(&[], &import.sections);
        let wrong = mistakes("a.toml", &written);
        assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
        let wrong = disorder(&node, &import);
        assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
        // A thousand operations are compiled as a hundred are, and nobody who runs tests wants to wait for that.
        let mut left = 0;
        if import.operations < 300 {
            let judged = imported(&node, &validated());
            let wrong = disorder(&node, &judged);
            assert!(wrong.is_empty(), "{name}, validated: {}", wrong.join("\n"));
            left = judged.account.entries.iter().filter(|it| matches!(it.fate, Fate::LeftOut(_))).count();
            let wrong = mistakes("a.toml", &with_document(&judged.sections, &node));
            assert!(wrong.is_empty(), "{name}, validated: {}", wrong.join("\n"));
        }
        let report = Report::of(&name, &import, |pointer| locations.place(&name, pointer));
        assert!(import.routes * 10 >= import.operations * 9 && import.routes > 0, "{}", report.text());
        println!(
            "{name}: OpenAPI {version}, {} values, {} of {} operations have a route, {} closed; {} entries, {} left \
             out, {} with validation",
            node.values(),
            import.routes,
            import.operations,
            import.closed,
            import.account.entries.len(),
            report.left_out.len(),
            left,
        );
    }
    assert!(newer >= 3, "{newer} documents are of OpenAPI 3.1");
}
