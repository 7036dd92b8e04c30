//! Laws of reading a configuration: nothing makes it panic, the formats say the same, and what the schema takes the
//! types take.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value};
use tollgate::author::{self, Loaded};
use tollgate::config::{
    AccessLog, Condition, ConditionTable, Cors, CorsSetting, Defaults, Document, DurationText, HeaderEdits,
    HeaderPolicy, Match, Off, OneOrMany, Redirect, Route, SecurityHeaders, SecurityHeadersSetting, Server,
    ServerLimits, SizeText, Telemetry, TextSetting, Timeouts, Upstream,
};
use tollgate::diagnostic::Diagnostic;

const EXTENSIONS: [&str; 3] = ["toml", "yaml", "json"];

fn load(extension: &str, text: &str) -> Result<Loaded, Vec<Diagnostic>> {
    author::load(&[(format!("f.{extension}"), text.to_owned())])
}

/// Reads `text` in every format and looks at what is said about it.
fn read_everywhere(text: &str) -> Result<(), TestCaseError> {
    for extension in EXTENSIONS {
        let found = load(extension, text).err().unwrap_or_default();
        let lines = text.split(['\n', '\r']).count();
        for one in found {
            let said = one.to_string();
            prop_assert!(!said.contains("a bug in Tollgate"), "{extension}: {text:?}\n{said}");
            prop_assert!(!one.message.contains('\n'), "{said}");
            if let Some((line, column)) = one.place.position {
                prop_assert!(
                    line >= 1 && line as usize <= lines + 1 && column >= 1,
                    "{extension}: {text:?}\n{said}"
                );
            }
        }
    }
    Ok(())
}

/// Every file of the goldens: real configurations and everything that has been thought of as wrong.
fn corpus() -> Vec<String> {
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config")).unwrap();
    let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    let texts = files.filter_map(|file| fs::read_to_string(file.unwrap().path()).ok());
    let mut texts: Vec<String> = texts.filter(|text| text.len() < 4096).collect();
    texts.sort();
    texts
}

/// One change to a text: what stands from one place to another becomes something else.
fn mutated() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[\\[\\]{}:=,\"'#&*!|>%@`\\- \t\n\r\\\\0-9a-z~<.\u{0}\u{feff}é]{0,4}",
        Just("&a *a".to_owned()),
        Just("\\ud800".to_owned()),
        Just("- - - ? ".to_owned()),
        Just("!!int ".to_owned()),
        Just("1e999".to_owned()),
    ];
    let changes = vec((any::<prop::sample::Index>(), 0usize..8, piece), 1..6);
    (prop::sample::select(corpus()), changes).prop_map(|(text, changes)| {
        let mut text: Vec<char> = text.chars().collect();
        for (at, length, piece) in changes {
            let from = at.index(text.len() + 1);
            let to = (from + length).min(text.len());
            text.splice(from..to, piece.chars());
        }
        text.into_iter().collect()
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z/{}*.]{0,8}",
        "\\PC{0,6}",
        "(true|null|no|off|~|12|1\\.5|0x1f|- a|a: b|# a|<<|=|2026-01-02|\t)"
    ]
}

fn texts() -> impl Strategy<Value = OneOrMany> {
    prop_oneof![text().prop_map(OneOrMany::One), vec(text(), 0..3).prop_map(OneOrMany::Many)]
}

fn duration() -> impl Strategy<Value = DurationText> {
    "[0-9]{1,4}(ms|s|m|h|d)|off".prop_map(DurationText)
}

fn condition() -> impl Strategy<Value = Condition> {
    let table = (option::of(text()), option::of(text()), option::of(any::<bool>()));
    prop_oneof![
        text().prop_map(Condition::Exact),
        table.prop_map(|(exact, regex, present)| Condition::Table(ConditionTable { exact, regex, present })),
    ]
}

fn headers() -> impl Strategy<Value = HeaderPolicy> {
    let edits = (vec(text(), 0..3), btree_map(text(), texts(), 0..3)).prop_map(|(remove, set)| HeaderEdits {
        remove,
        set,
        add: BTreeMap::new(),
    });
    option::of(edits).prop_map(|request| HeaderPolicy { request, response: None })
}

fn route() -> impl Strategy<Value = Route> {
    let matches =
        (option::of(texts()), option::of(text()), vec(text(), 0..3), btree_map(text(), condition(), 0..3))
            .prop_map(|(host, path, methods, headers)| Match {
                host,
                path,
                methods,
                headers,
                ..Match::default()
            });
    let redirect = (any::<Option<u16>>(), option::of(text())).prop_map(|(port, path)| Redirect {
        port,
        path,
        ..Redirect::default()
    });
    let cors = prop_oneof![
        Just(CorsSetting::Off(Off::Off)),
        (option::of(texts()), option::of(duration())).prop_map(|(origins, max_age)| {
            CorsSetting::Table(Cors { origins, max_age, ..Cors::default() })
        }),
    ];
    let security_headers = prop_oneof![
        any::<bool>().prop_map(SecurityHeadersSetting::Switch),
        (option::of(text()), any::<Option<bool>>()).prop_map(|(csp, nosniff)| {
            let csp = csp.map(TextSetting::Text);
            SecurityHeadersSetting::Table(SecurityHeaders { csp, nosniff, ..SecurityHeaders::default() })
        }),
    ];
    let parts = (
        (text(), option::of(matches), option::of(text()), option::of(redirect), option::of(headers())),
        (option::of(cors), option::of(security_headers)),
    );
    parts.prop_map(|((id, matches, upstream, redirect, headers), (cors, security_headers))| Route {
        auth: Some(tollgate::config::Access::Name("public".to_owned())),
        id,
        matches,
        upstream,
        redirect,
        headers,
        cors,
        security_headers,
        ..Route::default()
    })
}

fn document() -> impl Strategy<Value = Document> {
    let upstream = text().prop_map(|url| Upstream { url: Some(url), ..Upstream::default() });
    let timeouts = (option::of(duration()), option::of(duration())).prop_map(|(request, idle)| Timeouts {
        request,
        idle,
        ..Timeouts::default()
    });
    let defaults = (option::of(timeouts), option::of(headers())).prop_map(|(timeouts, headers)| Defaults {
        timeouts,
        headers,
        ..Defaults::default()
    });
    let limits = (any::<Option<u32>>(), option::of("[0-9]{1,4}(B|KiB|MB)".prop_map(SizeText)))
        .prop_map(|(connections, headers)| ServerLimits { connections, headers, ..ServerLimits::default() });
    let server = (option::of(texts()), option::of(limits)).prop_map(|(listen, limits)| Server {
        listen,
        limits,
        ..Server::default()
    });
    let telemetry = (option::of(Just(AccessLog::Off)), any::<Option<bool>>(), option::of(text()))
        .prop_map(|(access_log, server_timing, name)| Telemetry { access_log, server_timing, name });
    let parts = (
        option::of(defaults),
        btree_map(text(), upstream, 0..3),
        vec(route(), 0..3),
        option::of(telemetry),
        option::of(server),
    );
    parts.prop_map(|(defaults, upstreams, routes, telemetry, server)| Document {
        defaults,
        upstreams,
        routes,
        telemetry,
        server,
        ..Document::default()
    })
}

/// JSON of the right words in any order: most of it is wrong, and some of it is right.
fn jumble() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "routes",
        "upstreams",
        "defaults",
        "server",
        "telemetry",
        "match",
        "headers",
        "set",
        "host",
        "id",
        "url",
        "timeouts",
        "request",
        "limits",
        "status",
        "respond",
        "access_log",
        "present",
        "cors",
        "origins",
        "off",
        "security_headers",
        "hsts",
        "frame",
        "listen",
        "a",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u16>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(&["auto", "30s", "GET", "off", "1MiB", "reject"][..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        let pairs = vec((prop::sample::select(WORDS).prop_map(str::to_owned), inner.clone()), 0..6);
        prop_oneof![
            vec(inner, 0..3).prop_map(Value::from),
            pairs.prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Block style YAML, every text in double quotes and in ASCII.
fn yaml(value: &Value, indent: usize, out: &mut String) {
    let pad = "  ".repeat(indent);
    match value {
        Value::Object(pairs) if !pairs.is_empty() => {
            for (key, value) in pairs {
                write!(out, "\n{pad}{}:", quoted(key)).unwrap();
                yaml(value, indent + 1, out);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            for value in values {
                write!(out, "\n{pad}-").unwrap();
                yaml(value, indent + 1, out);
            }
        }
        Value::String(text) => write!(out, " {}", quoted(text)).unwrap(),
        value => write!(out, " {value}").unwrap(),
    }
}

fn quoted(text: &str) -> String {
    let letter = |letter: char| match letter {
        '"' | '\\' => format!("\\{letter}"),
        ' '..='~' => letter.to_string(),
        letter => format!("\\U{:08x}", u32::from(letter)),
    };
    format!("\"{}\"", text.chars().map(letter).collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}") {
        read_everywhere(&text)?;
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..80)) {
        read_everywhere(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn no_changed_configuration_makes_it_panic(text in mutated()) {
        read_everywhere(&text)?;
    }

    #[test]
    fn what_the_schema_takes_the_types_take(value in jumble()) {
        read_everywhere(&value.to_string())?;
    }

    #[test]
    fn the_formats_say_the_same(document in document()) {
        let json = serde_json::to_value(&document).unwrap();
        let mut as_yaml = String::new();
        yaml(&json, 0, &mut as_yaml);
        let as_toml = toml::to_string(&document).unwrap();
        for (extension, text) in [("json", json.to_string()), ("yaml", as_yaml), ("toml", as_toml)] {
            match load(extension, &text) {
                Ok(loaded) => prop_assert_eq!(&loaded.documents[0].1, &document, "{}: {}", extension, text),
                Err(found) => {
                    let said: Vec<String> = found.iter().map(ToString::to_string).collect();
                    prop_assert!(false, "{extension}: {text}\n{}", said.join("\n"));
                }
            }
        }
    }
}
