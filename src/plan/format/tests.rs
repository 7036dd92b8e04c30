//! What authors write of other notations, and what is wrong with it.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::format::{csv, xml};
use crate::json::{Limits, parse};
use crate::plan::Abilities;

/// What is made of it, and each mistake: where, and what.
fn compiled<W: serde::de::DeserializeOwned, R>(
    json: &str,
    compile: impl Fn(&mut Context<'_>, &Pointer, &W) -> Option<R>,
) -> (Option<R>, Vec<String>) {
    let written: W = serde_json::from_str(json).unwrap();
    let mut context = Context::new(&[], &Abilities::NATIVE);
    let rules = compile(&mut context, &Pointer::root("a.toml").key("it"), &written);
    let told = context.diagnostics.iter().map(|it| format!("{} {}", it.place.pointer, it.message));
    (rules, told.collect())
}

#[test]
fn xml_is_as_it_is_written() {
    let json = r#"{"root":"o","namespace":"urn:o","prefixes":{"p":"urn:p"},"attributes":"-","text":"$","arrays":["o.a"],
        "lists":{"o.l":"p:i"},"item":"e","numbers":["o.l.p:i"],"booleans":["o.-b"],"nulls":"omit","mixed":"join",
        "names":"escape","trim":true,"soap":"1.2","action":"urn:get"}"#;
    let (rules, told) = compiled(json, |context: &mut Context<'_>, at, written| {
        Some((context.xml(at, written)?, context.soap(at, written)?))
    });
    assert_eq!(told, [""; 0]);
    let (rules, soap) = rules.unwrap();
    assert_eq!(soap, (Version::V12, "urn:get".into()));
    let node = parse(br#"{"-b":true,"a":["x"],"l":[1.0],"n":null,"x y":[["z"]],"$":"t"}"#, &Limits::of(100))
        .unwrap();
    let bytes = xml::write(&node, &rules, 1_000).unwrap();
    assert_eq!(
        std::str::from_utf8(&bytes).unwrap(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><o xmlns=\"urn:o\" xmlns:p=\"urn:p\" b=\"true\">t<a>x</a>\
         <l><p:i>1.0</p:i></l><x_x0020_y><e>z</e></x_x0020_y></o>"
    );
    let (rules, told) = compiled("{}", |context: &mut Context<'_>, at, written| context.xml(at, written));
    assert_eq!((rules, told), (Some(XmlRules::default()), Vec::new()));
}

#[test]
fn mistakes_in_xml_are_told() {
    for (json, expected) in [
        (r#"{"root":"a b"}"#, "/it/root \"a b\" cannot be the name of an element"),
        (r#"{"root":"p:a"}"#, "/it/root the prefix \"p\" stands for no namespace"),
        (r#"{"item":""}"#, "/it/item \"\" cannot be the name of an element"),
        (r#"{"lists":{"a.b":"1"}}"#, "/it/lists/a.b \"1\" cannot be the name of an element"),
        (r#"{"text":""}"#, "/it/text a member needs a name"),
        (r##"{"attributes":"#"}"##, "/it/text \"#text\" would be an attribute"),
        (r#"{"prefixes":{"xmlns":"urn:x"}}"#, "/it/prefixes/xmlns \"xmlns\" cannot be a prefix of one's own"),
        (r#"{"prefixes":{"xsi":"urn:x"}}"#, "/it/prefixes/xsi \"xsi\" cannot be a prefix of one's own"),
        (r#"{"prefixes":{"a:b":"urn:x"}}"#, "/it/prefixes/a:b \"a:b\" cannot be a prefix of one's own"),
        (r#"{"prefixes":{"p":""}}"#, "/it/prefixes/p \"\" cannot be a namespace of one's own"),
        (r#"{"namespace":"a b"}"#, "/it/namespace \"a b\" cannot be a namespace of one's own"),
        (r#"{"arrays":["a["]}"#, "/it/arrays/0 \"a[\" is not a place: such a place is no element"),
        (
            r#"{"arrays":["a[*].b"]}"#,
            "/it/arrays/0 \"a[*].b\": a path of elements has names only: arrays are no step in it",
        ),
        (
            r#"{"numbers":["a.b"],"booleans":["a.b"]}"#,
            "/it/booleans/0 \"a.b\": something else is said of this path already",
        ),
    ] {
        let (rules, told) = compiled(json, |context: &mut Context<'_>, at, written| context.xml(at, written));
        assert_eq!(rules, None, "{json}");
        // What is wrong with a path itself is said by whoever reads paths.
        let (place, _) = expected.split_once(' ').unwrap();
        let same =
            told.len() == 1 && (told[0] == expected || (json.contains("a[\"") && told[0].starts_with(place)));
        assert!(same, "{json}: {told:?}");
    }
    for (json, expected) in [
        (r#"{"action":"urn:a"}"#, "/it/action only SOAP messages say what they are for"),
        (r#"{"soap":"1.1","action":"a\"b"}"#, "/it/action \"a\"b\" cannot be an action"),
    ] {
        let (_, told) = compiled(json, |context: &mut Context<'_>, at, written| context.soap(at, written));
        assert_eq!(told, [expected], "{json}");
    }
}

#[test]
fn csv_and_forms_are_as_they_are_written() {
    let json = r#"{"columns":["a.b",{"at":"c[0]","name":"first"}],"header":true,"nested":"refuse","escape_formulas":true}"#;
    let (rules, told) = compiled(json, |context: &mut Context<'_>, at, written| context.csv(at, written));
    assert_eq!(told, [""; 0]);
    let node = parse(br#"[{"a":{"b":"=1"},"c":[2]}]"#, &Limits::of(100)).unwrap();
    assert_eq!(csv::write(&node, &rules.unwrap(), 100).unwrap(), b"a.b,first\r\n'=1,2\r\n");
    for (json, expected) in [
        (r#"{"columns":["a[*].b"]}"#, "/it/columns/0 \"a[*].b\" is several values"),
        (r#"{"columns":["a",{"at":"b","name":"a"}]}"#, "/it/columns/1 there is a column \"a\" already"),
    ] {
        let (rules, told) = compiled(json, |context: &mut Context<'_>, at, written| context.csv(at, written));
        assert_eq!((rules, told), (None, vec![expected.to_owned()]), "{json}");
    }
    let json = r#"{"brackets":true,"arrays":["a"]}"#;
    let (rules, _) = compiled(json, |context: &mut Context<'_>, at, written| context.form(at, written));
    assert_eq!(rules, Some(FormRules { brackets: true, arrays: ["a".into()].into() }));
    let json = r#"{"arrays":["a","a"]}"#;
    let (rules, told) = compiled(json, |context: &mut Context<'_>, at, written| context.form(at, written));
    assert_eq!((rules, told), (None, vec!["/it/arrays/1 \"a\" stands there already".to_owned()]));
}
