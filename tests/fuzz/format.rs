//! XML, envelopes, forms, lines, what clients accept, and JSON in pieces.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use tollgate::format::form::{self, FormRules};
use tollgate::format::soap;
use tollgate::format::xml::{self, Mixed, Names, What, XmlRules};
use tollgate::format::{Format, charset, choose, ndjson};
use tollgate::json::{Limits, Path, Picker, Picks, parse};

const LIMITS: Limits = Limits { bytes: 4_096, depth: 16, values: 200, text: 1_000 };

/// What is read is bounded, and written by the same rules it is read again as the same, where it can be.
pub fn xml(bytes: &[u8]) {
    let usual = XmlRules::default();
    let mut declared = XmlRules { mixed: Mixed::Join, names: Names::Escape, ..XmlRules::default() };
    for (path, what) in [("a.b", What::Array), ("a.l", What::List("i".into())), ("a.n", What::Number)] {
        declared.say(&Path::read(path).unwrap(), what).unwrap();
    }
    for rules in [usual, declared] {
        let Ok(node) = xml::read(bytes, &rules, &LIMITS) else { continue };
        assert!(node.depth() <= LIMITS.depth && node.values() <= LIMITS.values + 1);
        if let Ok(written) = xml::write(&node, &rules, 100_000) {
            let again = xml::read(&written, &rules, &Limits { values: 1_000, ..Limits::of(100_000) });
            assert!(again.is_ok(), "{again:?}: {}", written.escape_ascii());
            let twice = again.map(|again| xml::write(&again, &rules, 100_000)).unwrap();
            assert_eq!(twice.map(|it| it.escape_ascii().to_string()), Ok(written.escape_ascii().to_string()));
        }
    }
}

/// An envelope says what is in it, or what is wrong.
pub fn envelope(bytes: &[u8]) {
    let _ = soap::unwrap(bytes, &XmlRules::default(), &LIMITS).map_err(|refused| refused.to_string());
}

/// A form that was read is written, and read again as the same.
pub fn form(bytes: &[u8]) {
    for brackets in [false, true] {
        let rules = FormRules { brackets, ..FormRules::default() };
        let Ok(node) = form::read(bytes, &rules, &LIMITS) else { continue };
        assert!(node.depth() <= LIMITS.depth && node.values() <= LIMITS.values);
        if let Ok(written) = form::write(&node, &rules, 100_000) {
            assert_eq!(form::read(&written, &rules, &Limits::of(100_000)), Ok(node));
        }
    }
}

/// Lines are values, and values are lines.
pub fn lines(bytes: &[u8]) {
    if let Ok(node) = ndjson::read(bytes, &LIMITS) {
        assert!(node.values() <= LIMITS.values);
        let written = ndjson::write(&node, 100_000).unwrap();
        assert_eq!(ndjson::read(&written, &Limits::of(100_000)), Ok(node));
    }
}

/// Whatever is accepted, what is chosen was offered.
pub fn accepted(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let offered = [Format::Json, Format::Xml, Format::Csv];
    let mut fields = HeaderMap::new();
    fields.insert(ACCEPT, value.clone());
    if let Some(chosen) = choose(&fields, &offered) {
        assert!(offered.contains(&chosen.format) && Format::of(chosen.media_type) == Some(chosen.format));
    }
    fields.insert(CONTENT_TYPE, value);
    let _ = charset(&fields);
}

/// In pieces of any size, a document is what it is as a whole.
pub fn pieces(bytes: &[u8]) {
    let picks = Picks::new(&[Path::read("items[*].id").unwrap(), Path::read("a").unwrap()]).unwrap();
    let limits = Limits { depth: 16, ..Limits::of(100_000) };
    let fed = |size: usize| {
        let mut picker = Picker::new(&picks, limits);
        bytes.chunks(size).try_for_each(|piece| picker.feed(piece))?;
        picker.finish()
    };
    let whole = fed(bytes.len().max(1));
    for size in [1, 3, 7] {
        assert_eq!(fed(size), whole);
    }
    if let Ok(node) = parse(bytes, &limits) {
        assert_eq!(whole, Ok(picks.of(node).into_owned()));
    }
}

fn seeds(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub fn documents() -> Vec<Vec<u8>> {
    seeds(&[
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes'?><!-- c --><a x='1' y=\"&lt;&#10;\"><b>1</b><b/>t</a>",
        "<a xmlns:p='urn:p' xmlns='urn:d'><p:b p:c='1'>&amp;&#x41;</p:b><![CDATA[<x>]]><l><i>1</i></l><n>007</n></a>",
        "<a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><b xsi:nil='true'/><n xsi:nil='1' u='2'/></a>",
        "<a><a_x0020_b/><?pi x?><l/><n>+1.50</n>\r\n<c>\u{e9} \u{1f600}</c></a>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    ])
}

pub fn envelopes() -> Vec<Vec<u8>> {
    seeds(&[
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Header><a/></s:Header><s:Body><b>1</b></s:Body></s:Envelope>",
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault><faultcode>s:Client</faultcode>\
         <faultstring>no</faultstring><detail><x/></detail></s:Fault></s:Body></s:Envelope>",
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value>\
         </e:Code><e:Reason><e:Text>no</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>",
    ])
}

pub fn forms() -> Vec<Vec<u8>> {
    seeds(&[
        "a=1&b=x+y%26&a=2&c&=d&&e=%C3%BC",
        "a[b]=1&a[c][d]=2&l[]=1&l[]=2",
        "a[0][b]=1&a[0][c]=2&a[1][b]=3&a%5B%5D=4",
    ])
}

pub fn several() -> Vec<Vec<u8>> {
    seeds(&["{\"a\":1.10}\n[2]\r\n\n\"x\\n\"\n", "1\n2\n3", ""])
}

pub fn wishes() -> Vec<Vec<u8>> {
    seeds(&[
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
        "application/json;profile=\"a, \\\"b;q=0\";q=0.5, text/*;q=0.001",
        "application/vnd.acme+json; charset=\"utf-8\", text/csv;header=present;q=1.000",
    ])
}
