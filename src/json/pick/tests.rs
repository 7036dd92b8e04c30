//! What is kept, what is refused, and how little memory that takes.

use super::*;
use crate::json::{Error, Fault, Limits, parse};

fn picks(paths: &[&str]) -> Picks {
    let paths: Vec<_> = paths.iter().map(|path| Path::read(path).unwrap()).collect();
    Picks::new(&paths).unwrap()
}

fn fed<'t>(
    picks: &Picks,
    limits: Limits,
    pieces: impl IntoIterator<Item = &'t [u8]>,
) -> Result<String, Error> {
    let mut picker = Picker::new(picks, limits);
    for piece in pieces {
        picker.feed(piece)?;
    }
    picker.finish().map(|node| node.to_text())
}

#[test]
fn what_paths_lead_to_is_kept() {
    let text =
        br#"{"n": 1.10, "items": [{"id": 12345678901234567890, "x": [1, {}]}, {"y": "\u00fc"}, 7, null, [],
        {"id": "a\ud83d\ude00\n", "tags": ["t", "u"]}], "o": {"p": {"q": true, "r": false}}, "": 0}"#;
    for (paths, kept) in [
        (&["n"][..], r#"{"n":1.10}"#),
        (&["items[*].id"], r#"{"items":[{"id":12345678901234567890},{},[],{"id":"a😀\n"}]}"#),
        (&["items[1]", "o.p.r"], r#"{"items":[{"y":"ü"}],"o":{"p":{"r":false}}}"#),
        (&["items[*].tags[1]", "items[0].x[1]"], r#"{"items":[{"x":[{}]},{},[],{"tags":["u"]}]}"#),
        (&["/items/2", "/"], r#"{"items":[7],"":0}"#),
        (&["o.p", "o.p.q"], r#"{"o":{"p":{"q":true,"r":false}}}"#),
        (&["n.a", "o[*]", "none"], r#"{"o":{}}"#),
        (&[], "{}"),
    ] {
        let (picks, limits) = (picks(paths), Limits::of(1_000));
        assert_eq!(picks.of(parse(text, &limits).unwrap()).to_text(), kept, "{paths:?}");
        assert_eq!(fed(&picks, limits, [&text[..]]).as_deref(), Ok(kept), "{paths:?}");
        for at in 0..text.len() {
            let (one, other) = text.split_at(at);
            assert_eq!(fed(&picks, limits, [one, other]).as_deref(), Ok(kept), "{paths:?} {at}");
        }
        assert_eq!(fed(&picks, limits, text.chunks(1)).as_deref(), Ok(kept), "{paths:?}");
    }
}

#[test]
fn nothing_leads_through_other_values() {
    for text in ["1", "\"a\"", "null", "true", " 12 ", "-1e5"] {
        assert_eq!(fed(&picks(&["a"]), Limits::of(10), [text.as_bytes()]).as_deref(), Ok("null"));
    }
}

#[test]
fn what_is_skipped_is_checked_too() {
    for (text, at, fault) in [
        (&b""[..], 0, Fault::End),
        (b"{\"x\":[1,]}", 8, Fault::Unexpected),
        (b"{\"x\":[1", 7, Fault::End),
        (b"{\"x\":[1}", 7, Fault::Unexpected),
        (b"{\"x\":{\"a\":1]", 11, Fault::Unexpected),
        (b"{\"x\":{\"a\":1,}}", 12, Fault::Unexpected),
        (b"{\"x\":{a:1}}", 6, Fault::Unexpected),
        (b"{\"x\":1} 1", 8, Fault::After),
        (b"{\"x\":nul", 8, Fault::End),
        (b"{\"x\":nuk}", 7, Fault::Unexpected),
        (b"{\"x\":01}", 6, Fault::Number),
        (b"{\"x\":1.}", 7, Fault::Number),
        (b"-", 1, Fault::Number),
        (b"{\"x\":1e+}", 8, Fault::Number),
        (b"{\"x\":\"a\n\"}", 7, Fault::Control),
        (b"{\"x\":\"\\x\"}", 6, Fault::Escape),
        (b"{\"x\":\"\\u12g4\"}", 6, Fault::Escape),
        (b"{\"x\":\"\\ud800\"}", 6, Fault::Surrogate),
        (b"{\"x\":\"\\udc00\"}", 6, Fault::Surrogate),
        (b"{\"x\":\"\\ud800\\u0041\"}", 6, Fault::Surrogate),
        (b"{\"x\":\"\\ud800\\", 6, Fault::Surrogate),
        (b"{\"x\":\"\xff\"}", 6, Fault::Encoding),
        (b"{\"x\":\"\xed\xa0\x80\"}", 6, Fault::Encoding),
        (b"{\"x\":\"\xc3", 6, Fault::Encoding),
        (b"\xef\xbb\xbf1", 0, Fault::Unexpected),
        (b"{\"id\":1,\"i\\u0064\":2}", 8, Fault::Twice),
        (b"{\"id\":{},\"id\":2}", 9, Fault::Twice),
    ] {
        for size in 1..=text.len().max(1) {
            let refused = fed(&picks(&["id.a"]), Limits::of(100), text.chunks(size)).unwrap_err();
            assert_eq!((refused.at, refused.fault), (at, fault), "{} by {size}", text.escape_ascii());
        }
    }
    // Remembering names of what is skipped would take memory in proportion to it.
    assert_eq!(
        fed(&picks(&["id"]), Limits::of(100), [&b"{\"x\":1,\"x\":{\"y\":1,\"y\":2}}"[..]]).as_deref(),
        Ok("{}")
    );
}

#[test]
fn a_mistake_stays() {
    let picks = picks(&["a"]);
    let mut picker = Picker::new(&picks, Limits::of(100));
    let refused = picker.feed(b"[1,,").unwrap_err();
    assert_eq!(picker.feed(b"2]"), Err(refused));
    assert_eq!(picker.finish(), Err(refused));
}

#[test]
fn what_is_kept_is_bounded() {
    let limits = Limits { bytes: 12, depth: 3, values: 4, text: 5 };
    let fault =
        |path, text: &str| fed(&picks(&[path]), limits, [text.as_bytes()]).map_err(|error| error.fault).err();
    assert_eq!(fault("a", "{\"x\":[[1]]}"), None);
    assert_eq!(fault("a", "{\"x\":[[[1]]]}"), Some(Fault::Deep));
    assert_eq!(fault("a", "{\"a\":[[[1]]]}"), Some(Fault::Deep));
    assert_eq!(fault("a", "{\"x\":[1,2,3,4,5],\"a\":[1,2]}"), None);
    assert_eq!(fault("a", "{\"a\":[1,2,3]}"), Some(Fault::Values));
    assert_eq!(fault("a", "{\"x\":\"123456\",\"a\":\"12345\"}"), None);
    assert_eq!(fault("a", "{\"a\":\"123456\"}"), Some(Fault::Text));
    assert_eq!(fault("a", "{\"a\":123456}"), Some(Fault::Text));
    assert_eq!(fault("a", "{\"a\":[\"12345\",\"12345\"]}"), None);
    assert_eq!(fault("a", "{\"a\":[\"12345\",\"12345\",\"12\"]}"), Some(Fault::Values));
    assert_eq!(fault("a", "{\"a\":{\"12345\":\"12345\",\"1\":2}}"), Some(Fault::Bytes));
    let deep = Limits { depth: usize::MAX, ..Limits::of(2_000_000) };
    let refused = fed(&picks(&["a"]), deep, [&*b"[".repeat(1_000_000)]).unwrap_err();
    assert_eq!((refused.at, refused.fault), (crate::json::MOST_DEPTH, Fault::Deep));
}

#[test]
fn paths_are_bounded() {
    let many: Vec<_> = (0..129).map(|it| Path::read(&format!("a{it}")).unwrap()).collect();
    assert!(Picks::new(&many[..128]).is_ok());
    assert!(Picks::new(&many).is_err());
    // Each of these doubles what the one before leads to.
    let each = |at: usize| format!("{}[{at}]{}", "[*]".repeat(at), "[*]".repeat(15 - at));
    let doubling: Vec<_> = (0..16).map(|at| Path::read(&each(at)).unwrap()).collect();
    assert!(Picks::new(&doubling).is_err());
}

/// 100 MiB arrive, a thousand numbers stay.
#[test]
fn memory_is_in_proportion_to_what_is_kept() {
    let picks = picks(&["items[*].id"]);
    let mut picker = Picker::new(&picks, Limits::of(1 << 20));
    let text = "some text, \\u00fc and more \\\" ".repeat(3_500);
    let (mut most, mut sent) = (0, 0);
    let mut send = |piece: &str| {
        picker.feed(piece.as_bytes()).unwrap();
        most = most.max(picker.held());
        sent += piece.len();
    };
    send("{\"items\":[");
    for id in 0..1_000 {
        send(if id == 0 { "" } else { "," });
        send(&format!("{{\"before\":[{{\"a\":1.5}},null],\"id\":{id},\"note\":\""));
        text.as_bytes().chunks(16_384).for_each(|piece| send(std::str::from_utf8(piece).unwrap()));
        send("\"}");
    }
    send("]}");
    assert!(sent > 100 << 20, "{sent}");
    // An object and a number for each, and the digits and names.
    assert!(most < 1_000 * (2 * 56 + 2 + 4) + 1_024, "{most}");
    let node = picker.finish().unwrap();
    assert_eq!(node.pointer("/items/999/id").unwrap().unwrap().to_text(), "999");
}
