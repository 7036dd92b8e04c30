#![allow(clippy::unwrap_used)]

use super::*;

fn read(text: &[u8]) -> Result<String, (usize, Fault)> {
    parse(text, &Limits::of(100_000)).map(|node| node.to_text()).map_err(|error| (error.at, error.fault))
}

#[test]
fn what_is_read_is_written_again() {
    for (text, written) in [
        ("null", "null"),
        (" [ 1 , true ,\tfalse\r\n] ", "[1,true,false]"),
        (r#"{ "b" : 1, "a" : { } , "" : [ ] }"#, r#"{"b":1,"a":{},"":[]}"#),
        ("12345678901234567890123", "12345678901234567890123"),
        ("[1.10,-0,1e400,1E+2,0.00]", "[1.10,-0,1e400,1E+2,0.00]"),
        (r#""\u00fc\u0041\/\"\\\b\f\n\r\t\u0000\ud83d\ude00""#, "\"üA/\\\"\\\\\\b\\f\\n\\r\\t\\u0000😀\""),
        ("\"\u{7f}\u{2028}\"", "\"\u{7f}\u{2028}\""),
    ] {
        assert_eq!(read(text.as_bytes()).unwrap(), written, "{text}");
        assert_eq!(read(written.as_bytes()).unwrap(), written, "{text}");
    }
}

#[test]
fn what_is_not_json_is_refused_where_it_is_wrong() {
    for (text, at, fault) in [
        (&b""[..], 0, Fault::End),
        (b"  ", 2, Fault::End),
        (b"[1,]", 3, Fault::Unexpected),
        (b"[1", 2, Fault::End),
        (b"[1 2]", 3, Fault::Unexpected),
        (b"{\"a\"}", 4, Fault::Unexpected),
        (b"{\"a\":1,}", 7, Fault::Unexpected),
        (b"{a:1}", 1, Fault::Unexpected),
        (b"1 1", 2, Fault::After),
        (b"nul", 3, Fault::End),
        (b"NaN", 0, Fault::Unexpected),
        (b"+1", 0, Fault::Unexpected),
        (b"01", 1, Fault::Number),
        (b"1.", 2, Fault::Number),
        (b".5", 0, Fault::Unexpected),
        (b"-", 1, Fault::Number),
        (b"1e", 2, Fault::Number),
        (b"1e+", 3, Fault::Number),
        (b"0x1", 1, Fault::Number),
        (b"\"a", 2, Fault::End),
        (b"\"\n\"", 1, Fault::Control),
        (b"\"\\x\"", 1, Fault::Escape),
        (b"\"\\u12g4\"", 1, Fault::Escape),
        (b"\"\\ud800\"", 1, Fault::Surrogate),
        (b"\"a\\udc00\"", 2, Fault::Surrogate),
        (b"\"\\ud800\\u0041\"", 1, Fault::Surrogate),
        (b"\"\\ud800\\", 1, Fault::Surrogate),
        (b"\"\xff\"", 1, Fault::Encoding),
        (b"\"\xed\xa0\x80\"", 1, Fault::Encoding),
        (b"\xef\xbb\xbf1", 0, Fault::Unexpected),
        (b"{\"a\":1,\"\\u0061\":2}", 7, Fault::Twice),
        (b"// no\n1", 0, Fault::Unexpected),
        (b"'a'", 0, Fault::Unexpected),
    ] {
        assert_eq!(read(text), Err((at, fault)), "{}", text.escape_ascii());
    }
}

#[test]
fn names_that_stand_twice_are_found_among_many() {
    let many: Vec<_> = (0..1_000).map(|it| format!("\"k{it}\":{it}")).collect();
    assert!(read(format!("{{{}}}", many.join(",")).as_bytes()).is_ok());
    let again = format!("{{{},\"k700\":1}}", many.join(","));
    assert_eq!(read(again.as_bytes()), Err((again.len() - 9, Fault::Twice)));
}

#[test]
fn documents_are_bounded() {
    let limits = Limits { bytes: 200, depth: 3, values: 5, text: 4 };
    let refused = |text: &str| parse(text.as_bytes(), &limits).map_err(|error| error.fault).err();
    assert_eq!(refused("[[[]]]"), None);
    assert_eq!(refused("[[[[]]]]"), Some(Fault::Deep));
    assert_eq!(refused("[{\"a\":[{}]}]"), Some(Fault::Deep));
    assert_eq!(refused("[1,2,3,4]"), None);
    assert_eq!(refused("[1,2,3,4,5]"), Some(Fault::Values));
    assert_eq!(refused("\"abcd\""), None);
    assert_eq!(refused("\"abcde\""), Some(Fault::Text));
    assert_eq!(refused("{\"abcde\":1}"), Some(Fault::Text));
    assert_eq!(refused("12345"), Some(Fault::Text));
    assert_eq!(refused(&" ".repeat(201)), Some(Fault::Bytes));
    // Deep documents are no way to the end of the stack, whatever a caller allows.
    let deep = Limits { depth: usize::MAX, ..Limits::of(2_000_000) };
    let fault = parse("[".repeat(1_000_000).as_bytes(), &deep).unwrap_err();
    assert_eq!((fault.fault, fault.at), (Fault::Deep, MOST_DEPTH));
}

/// What `Limits::of` says about memory.
#[test]
fn values_are_small() {
    assert!(size_of::<(Cow<'_, str>, Node<'_>)>() <= 56);
}

#[test]
fn what_is_written_is_bounded() {
    let node = parse(b"[\"aaaa\",1]", &Limits::of(100)).unwrap();
    assert_eq!(node.write(10).unwrap(), b"[\"aaaa\",1]");
    assert_eq!(node.write(9), None);
}
