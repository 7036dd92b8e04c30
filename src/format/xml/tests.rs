//! What becomes of elements and of values, what is refused, and where.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::json::{MOST_DEPTH, parse};

const LIMITS: Limits = Limits::of(100_000);

fn read_text(text: &str, rules: &XmlRules) -> Result<String, Error> {
    read(text.as_bytes(), rules, &LIMITS).map(|node| node.to_text())
}

#[track_caller]
fn reads(text: &str, rules: &XmlRules, json: &str) {
    assert_eq!(read_text(text, rules).as_deref(), Ok(json), "{text}");
}

#[track_caller]
fn refuses(text: &[u8], at: usize, fault: Fault) {
    let refused = read(text, &XmlRules::default(), &LIMITS).unwrap_err();
    assert_eq!((refused.at, refused.fault), (at, fault), "{}", text.escape_ascii());
}

fn written(json: &str, rules: &XmlRules) -> Result<String, Fault> {
    let node = parse(json.as_bytes(), &LIMITS).unwrap();
    let xml = write(&node, rules, 100_000).map(|bytes| String::from_utf8(bytes).unwrap())?;
    Ok(xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap().to_owned())
}

#[track_caller]
fn writes(json: &str, rules: &XmlRules, xml: &str) {
    assert_eq!(written(json, rules).as_deref(), Ok(xml), "{json}");
}

/// Both ways.
#[track_caller]
fn is(xml: &str, rules: &XmlRules, json: &str) {
    reads(xml, rules, json);
    writes(json, rules, xml);
}

fn saying(rules: XmlRules, said: &[(&str, What)]) -> XmlRules {
    let mut rules = rules;
    for (path, what) in said {
        rules.say(&Path::read(path).unwrap(), what.clone()).unwrap();
    }
    rules
}

#[test]
fn elements_are_members() {
    let rules = XmlRules::default();
    is("<a/>", &rules, r#"{"a":""}"#);
    is("<a>x</a>", &rules, r#"{"a":"x"}"#);
    is("<a> 007 </a>", &rules, r#"{"a":" 007 "}"#);
    is("<a><b>1</b><c><d>2</d></c></a>", &rules, r#"{"a":{"b":"1","c":{"d":"2"}}}"#);
    is("<a><b>1</b><b>2</b></a>", &rules, r#"{"a":{"b":["1","2"]}}"#);
    is(r#"<a id="1" b="&quot;&lt;"/>"#, &rules, r#"{"a":{"@id":"1","@b":"\"<"}}"#);
    is(r#"<a id="1">x</a>"#, &rules, r##"{"a":{"@id":"1","#text":"x"}}"##);
    is(r#"<a id="1"><b/></a>"#, &rules, r#"{"a":{"@id":"1","b":""}}"#);
    reads("<a>\n  <b>1</b>\n  <c/>\n  <b>2</b>\n</a>\n", &rules, r#"{"a":{"b":["1","2"],"c":""}}"#);
    reads("<?xml version='1.0'?><!--c--><?p i?><a><!-- c -->x<?p i?>y</a><!--c-->", &rules, r#"{"a":"xy"}"#);
    reads("<a>x<![CDATA[<b>&amp;]]>y&amp;&#x41;</a>", &rules, r#"{"a":"x<b>&amp;y&A"}"#);
    reads("<a\tid = '1'\n b=\"2\" ></a >", &rules, r#"{"a":{"@id":"1","@b":"2"}}"#);
    reads("<a>1\r\n2\r3</a>", &rules, r#"{"a":"1\n2\n3"}"#);
    reads("\u{feff}<a b='&#10; \n\t.'/>", &rules, r#"{"a":{"@b":"\n   ."}}"#);
}

#[test]
fn with_a_root_json_is_what_is_in_it() {
    let rules = XmlRules::of_root("order");
    is("<order>x</order>", &rules, r#""x""#);
    is(r#"<order id="1"><a/></order>"#, &rules, r#"{"@id":"1","a":""}"#);
    writes("[1,2]", &rules, "<order><item>1</item><item>2</item></order>");
    assert_eq!(read_text("<other/>", &rules), Err(Fault::Root.at(0)));
    let rules = XmlRules::default();
    for json in ["1", "null", "{}", r#"{"a":1,"b":2}"#, "[]", r#"{"a":[1,2]}"#, r#"{"a":[]}"#] {
        assert_eq!(written(json, &rules), Err(Fault::Root), "{json}");
    }
}

#[test]
fn arrays_are_declared_or_repeat() {
    let rules = saying(XmlRules::of_root("o"), &[("o.a", What::Array), ("o.l", What::List("i".into()))]);
    // One element that is not declared is no array; one that is, is.
    is("<o><a>1</a><b>1</b></o>", &rules, r#"{"a":["1"],"b":"1"}"#);
    is("<o><a>1</a><a>2</a><b>1</b><b>2</b></o>", &rules, r#"{"a":["1","2"],"b":["1","2"]}"#);
    is("<o><l><i>1</i></l></o>", &rules, r#"{"l":["1"]}"#);
    is("<o><l/></o>", &rules, r#"{"l":[]}"#);
    reads("<o><l>\n <i>1</i>\n <i><x>2</x></i></l></o>", &rules, r#"{"l":["1",{"x":"2"}]}"#);
    for text in ["<o><l>x</l></o>", "<o><l><i/><j/></l></o>", "<o><l n='1'/></o>"] {
        assert_eq!(read_text(text, &rules).unwrap_err().fault, Fault::Place, "{text}");
    }
    // Arrays that nothing is said of.
    writes(
        r#"{"b":[],"c":[[1,[2]],[]]}"#,
        &rules,
        "<o><c><item>1</item><item><item>2</item></item></c><c/></o>",
    );
    let rules = saying(XmlRules::of_root("l"), &[("l", What::List("i".into())), ("l.i", What::Number)]);
    is("<l><i>1.10</i><i>2</i></l>", &rules, "[1.10,2]");
    let rules = saying(XmlRules::default(), &[("l", What::List("i".into()))]);
    is("<l><i>1</i></l>", &rules, r#"{"l":["1"]}"#);
}

#[test]
fn types_are_declared() {
    let said = [
        ("o.n", What::Number),
        ("o.@n", What::Number),
        ("o.b", What::Boolean),
        ("o.*.n", What::Number),
        ("o.a", What::Array),
        ("o.a", What::Number),
    ];
    let rules = saying(XmlRules::of_root("o"), &said);
    is(
        "<o><n>12345678901234567890.10</n><t>007</t></o>",
        &rules,
        r#"{"n":12345678901234567890.10,"t":"007"}"#,
    );
    is(r#"<o n="1"><b>true</b></o>"#, &rules, r#"{"@n":1,"b":true}"#);
    is("<o><a>1</a></o>", &rules, r#"{"a":[1]}"#);
    is("<o><x><n>1e400</n></x></o>", &rules, r#"{"x":{"n":1e400}}"#);
    reads("<o><n> 007\n</n><b>0</b></o>", &rules, r#"{"n":7,"b":false}"#);
    reads("<o><n/><b></b></o>", &rules, r#"{"n":null,"b":null}"#);
    reads(r#"<o><n unit="kg">5</n></o>"#, &rules, r##"{"n":{"@unit":"kg","#text":5}}"##);
    assert_eq!(read_text("<o><n>5 kg</n></o>", &rules), Err(Fault::Number.at(10)));
    assert_eq!(read_text("<o><b>yes</b></o>", &rules), Err(Fault::Boolean.at(9)));
    assert_eq!(read_text("<o n='x'/>", &rules), Err(Fault::Number.at(0)));
}

#[test]
fn null_is_nil() {
    const DECLARED: &str = r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#;
    let rules = XmlRules::of_root("o");
    is(&format!(r#"<o {DECLARED}><a xsi:nil="true"/></o>"#), &rules, r#"{"a":null}"#);
    is(&format!(r#"<o {DECLARED} xsi:nil="true"/>"#), &rules, "null");
    is(&format!(r#"<o {DECLARED} id="1" xsi:nil="true"/>"#), &rules, r##"{"@id":"1","#text":null}"##);
    is(&format!(r#"<o {DECLARED}><a>1</a><a xsi:nil="true"/></o>"#), &rules, r#"{"a":["1",null]}"#);
    reads(
        r#"<o xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><a i:nil=" 1 "/></o>"#,
        &rules,
        r#"{"@xmlns:i":"http://www.w3.org/2001/XMLSchema-instance","a":null}"#,
    );
    reads(&format!(r#"<o {DECLARED}><a xsi:nil="false">x</a></o>"#), &rules, r#"{"a":"x"}"#);
    reads("<o><a nil='true'/></o>", &rules, r#"{"a":{"@nil":"true"}}"#);
    for (inside, fault) in [
        (r#"<a xsi:nil="true">x</a>"#, Fault::Nil),
        (r#"<a xsi:nil="true"><b/></a>"#, Fault::Nil),
        (r#"<a xsi:nil="yes"/>"#, Fault::Boolean),
    ] {
        assert_eq!(read_text(&format!("<o {DECLARED}>{inside}</o>"), &rules).unwrap_err().fault, fault);
    }
    writes(r#"{"@a":null,"b":"x"}"#, &XmlRules { nulls: Nulls::Empty, ..rules.clone() }, "<o><b>x</b></o>");
    writes(
        r#"{"a":null,"b":[1,null]}"#,
        &XmlRules { nulls: Nulls::Empty, ..rules.clone() },
        "<o><a/><b>1</b><b/></o>",
    );
    writes(
        r#"{"a":null,"b":[1,null]}"#,
        &XmlRules { nulls: Nulls::Omit, ..rules.clone() },
        "<o><b>1</b><b/></o>",
    );
    assert_eq!(written(r#"{"@xmlns:xsi":"urn:other","a":null}"#, &rules), Err(Fault::Prefix));
}

#[test]
fn mixed_content_is_refused_or_joined() {
    let text = "<p>one <b>two</b> three\n <i/></p>";
    assert_eq!(read_text(text, &XmlRules::default()).unwrap_err().fault, Fault::Mixed);
    let rules = XmlRules { mixed: Mixed::Join, ..XmlRules::default() };
    reads(text, &rules, r##"{"p":{"b":"two","i":"","#text":"one  three\n "}}"##);
    let rules = XmlRules { trim: true, ..rules };
    reads(text, &rules, r##"{"p":{"b":"two","i":"","#text":"one  three"}}"##);
    reads("<p> <b> x </b> </p>", &rules, r#"{"p":{"b":"x"}}"#);
    writes(r##"{"p":{"b":"two","#text":"one"}}"##, &rules, "<p>one<b>two</b></p>");
}

#[test]
fn prefixes_are_kept_or_stripped() {
    let text = r#"<s:a xmlns:s="urn:s" xmlns="urn:d" s:x="1" y="2"><b>1</b><s:b>2</s:b></s:a>"#;
    is(
        text,
        &XmlRules::default(),
        r#"{"s:a":{"@xmlns:s":"urn:s","@xmlns":"urn:d","@s:x":"1","@y":"2","b":"1","s:b":"2"}}"#,
    );
    let rules = XmlRules { namespaces: Namespaces::Strip, ..XmlRules::default() };
    reads(text, &rules, r#"{"a":{"@x":"1","@y":"2","b":["1","2"]}}"#);
    assert_eq!(read_text(r#"<a xmlns:s="urn:s" s:x="1" x="2"/>"#, &rules).unwrap_err().fault, Fault::Twice);
    let rules = saying(
        XmlRules {
            namespaces: Namespaces::Strip,
            prefixes: [("p".into(), "urn:p".into())].into(),
            ..XmlRules::of_root("p:l")
        },
        &[("l", What::List("i".into()))],
    );
    is(r#"<p:l xmlns:p="urn:p"><i>1</i></p:l>"#, &rules, r#"["1"]"#);
    let rules = XmlRules {
        namespace: Some("urn:&".into()),
        prefixes: [("p".into(), "urn:p".into())].into(),
        ..XmlRules::of_root("a")
    };
    writes(r#"{"p:b":1}"#, &rules, r#"<a xmlns="urn:&amp;" xmlns:p="urn:p"><p:b>1</p:b></a>"#);
    writes(
        r#"{"@xmlns:p":null,"p:b":1}"#,
        &rules,
        r#"<a xmlns="urn:&amp;" xmlns:p="urn:p"><p:b>1</p:b></a>"#,
    );
    writes(r#"{"@xmlns":"urn:own"}"#, &rules, r#"<a xmlns:p="urn:p" xmlns="urn:own"/>"#);
    for (json, fault) in [
        (r#"{"q:b":1}"#, Fault::Prefix),
        (r#"{"@q:b":1}"#, Fault::Prefix),
        (r#"{"b":{"@xmlns:q":"urn:q"},"q:c":1}"#, Fault::Prefix),
        (r#"{"@xmlns:q":""}"#, Fault::Prefix),
        (r#"{"@xmlns:xml":"urn:q"}"#, Fault::Prefix),
        (r#"{"@xmlns:q r":"urn:q"}"#, Fault::Prefix),
        (r#"{"xmlns:b":1}"#, Fault::Prefix),
    ] {
        assert_eq!(written(json, &rules), Err(fault), "{json}");
    }
    writes(
        r#"{"b":{"@xmlns:q":"urn:q","q:c":1},"@xml:lang":"en"}"#,
        &XmlRules::of_root("a"),
        r#"<a xml:lang="en"><b xmlns:q="urn:q"><q:c>1</q:c></b></a>"#,
    );
}

#[test]
fn nothing_becomes_markup() {
    let rules = XmlRules::of_root("o");
    is("<o><a>&lt;b&gt;&amp;amp;]]&gt;&#13;\n\t\"'</a></o>", &rules, r#"{"a":"<b>&amp;]]>\r\n\t\"'"}"#);
    is(r#"<o a="&lt;&gt;&quot;'&#13;&#10;&#9;"/>"#, &rules, r#"{"@a":"<>\"'\r\n\t"}"#);
    for (json, fault) in [
        (r#"{"a b":1}"#, Fault::Name),
        (r#"{"":1}"#, Fault::Name),
        (r#"{"a><x":1}"#, Fault::Name),
        (r#"{"1a":1}"#, Fault::Name),
        (r#"{"@a b":1}"#, Fault::Name),
        (r#"{"@":1}"#, Fault::Name),
        (r#"{"@a=\"\" b":1}"#, Fault::Name),
        (r#"{"a":"\u0000"}"#, Fault::Character),
        (r#"{"@a":"\uffff"}"#, Fault::Character),
        (r#"{"@a":{}}"#, Fault::Place),
        (r#"{"@a":[1]}"#, Fault::Place),
        (r##"{"#text":{}}"##, Fault::Place),
    ] {
        assert_eq!(written(json, &rules), Err(fault), "{json}");
    }
    let rules = XmlRules { names: Names::Escape, ..rules };
    is("<o><a_x0020_b>1</a_x0020_b><_x0031_>2</_x0031_></o>", &rules, r#"{"a b":"1","1":"2"}"#);
    is(r#"<o a_x003D_="1"><q_x003A_b/></o>"#, &rules, r#"{"@a=":"1","q:b":""}"#);
    assert_eq!(written(r#"{"":1}"#, &rules), Err(Fault::Name));
}

#[test]
fn attributes_may_have_no_prefix() {
    let rules = XmlRules { attribute: "".into(), text: "value".into(), ..XmlRules::default() };
    reads(r#"<a id="1"><b x="2">y</b></a>"#, &rules, r#"{"a":{"id":"1","b":{"x":"2","value":"y"}}}"#);
    writes(r#"{"a":{"id":"1","b":{"x":"2","value":"y"}}}"#, &rules, "<a><id>1</id><b>y<x>2</x></b></a>");
    for text in [r#"<a id="1"><id/></a>"#, r#"<a value="1">x</a>"#] {
        assert_eq!(read_text(text, &rules).unwrap_err().fault, Fault::Twice, "{text}");
    }
}

#[test]
fn what_is_no_xml_is_refused_where_it_is_wrong() {
    let text = |message| Fault::Syntax(message);
    let beside = text("there is something beside the root element");
    let attribute = text("an attribute is not written like one");
    for (xml, at, fault) in [
        (&b""[..], 0, Fault::End),
        (b"  ", 2, Fault::End),
        (b"<a>", 3, Fault::End),
        (b"<a", 0, Fault::End),
        (b"<", 0, Fault::End),
        (b"<a></b>", 3, text("an element ends that is not the innermost")),
        (b"</a>", 0, text("an element ends that is not the innermost")),
        (b"<a/><b/>", 4, beside),
        (b"x<a/>", 0, beside),
        (b"<a/>&amp;", 4, beside),
        (b"<a/><![CDATA[]]>", 4, beside),
        (b"<a><1/></a>", 3, Fault::Name),
        (b"<a:b:c/>", 0, Fault::Name),
        (b"<>", 0, Fault::Name),
        (b"<a><b/ ></a>", 3, Fault::Name),
        (b"<a b/>", 0, attribute),
        (b"<a b=1/>", 0, attribute),
        (b"<a b='1'c='2'/>", 0, attribute),
        (b"<a b='1' b='2'/>", 0, Fault::Twice),
        (b"<a 1='1'/>", 0, Fault::Name),
        (b"<a b='<'/>", 0, text("< stands in an attribute")),
        (b"<a b='&x;'/>", 0, Fault::Entity),
        (b"<a b='&#0;'/>", 0, Fault::Entity),
        (b"<a>&nbsp;</a>", 3, Fault::Entity),
        (b"<a>& </a>", 3, Fault::Entity),
        (b"<a>]]></a>", 3, text("]]> stands in text")),
        (b"<a><!-- -- --></a>", 3, text("-- stands in a comment")),
        (b"<a><!x></a>", 3, text("this is no markup")),
        (b"<a><?xml version='1.0'?></a>", 3, text("an XML declaration stands behind something else")),
        (b" <?xml version='1.0'?><a/>", 1, text("an XML declaration stands behind something else")),
        (b"<?XML v?><a/>", 0, text("a processing instruction has no name of one")),
        (b"<a>\xff</a>", 3, Fault::Encoding),
        (b"<a>\x0b</a>", 3, Fault::Character),
        (b"<a>\xef\xbf\xbf</a>", 3, Fault::Character),
        (b"\xef\xbb\xbf\xef\xbb\xbf<a/>", 3, text("there is something in front of the root element")),
        (b"<p:a/>", 0, Fault::Prefix),
        (b"<a p:b='1'/>", 0, Fault::Prefix),
        (b"<a xmlns:p=''/>", 0, Fault::Prefix),
        (b"<a xmlns:xml='urn:x'/>", 0, Fault::Prefix),
        (b"<a xmlns:p='u' xmlns:q='u' p:x='' q:x=''/>", 0, Fault::Twice),
        (b"<a><b xmlns:p='u'/><p:c/></a>", 19, Fault::Prefix),
    ] {
        refuses(xml, at, fault);
    }
}

#[test]
fn what_is_not_utf_8_of_xml_1_0_is_refused() {
    let declaration = Fault::Syntax("the XML declaration is not written like one");
    for (xml, at, fault) in [
        (&b"<?xml version='1.1'?><a/>"[..], 0, Fault::Version),
        (b"<?xml encoding='utf-8'?><a/>", 0, declaration),
        (b"<?xml version='1.0' standalone='x'?><a/>", 0, declaration),
        (b"<?xml version='1.0' more='x'?><a/>", 0, declaration),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><a/>", 0, Fault::Charset),
        (b"<?xml version='1.0' encoding='us-ascii'?><a>\xc3\xbc</a>", 0, Fault::Charset),
        (b"<?xml version='1.0' encoding='utf-16'?><a/>", 0, Fault::Charset),
        (b"\xff\xfe<\x00a\x00/\x00>\x00", 0, Fault::Charset),
        (b"<\x00a\x00/\x00>\x00", 1, Fault::Charset),
    ] {
        refuses(xml, at, fault);
    }
    reads(
        "<?xml version=\"1.0\" encoding=\"US-ASCII\" standalone='yes'?><a/>",
        &XmlRules::default(),
        r#"{"a":""}"#,
    );
}

/// However a document is made, nothing of it is expanded.
#[test]
fn there_are_no_entities() {
    for text in [
        "<!DOCTYPE a><a/>",
        "<!doctype a><a/>",
        "<!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>",
        "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;&lol;'>]><lolz>&lol2;</lolz>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://a.test/x'> %p;]><a/>",
    ] {
        let refused = read_text(text, &XmlRules::default()).unwrap_err();
        assert_eq!(refused.fault, Fault::Dtd, "{text}");
    }
    assert!(read_text("<a><!DOCTYPE b></a>", &XmlRules::default()).is_err());
}

#[test]
fn documents_are_bounded() {
    let limits = Limits { bytes: 60, depth: 3, values: 5, text: 8 };
    let refused = |text: &str| {
        read(text.as_bytes(), &XmlRules::of_root("a"), &limits).map_err(|error| error.fault).err()
    };
    assert_eq!(refused("<a><b><c/></b></a>"), None);
    assert_eq!(refused("<a><b><c><d/></c></b></a>"), Some(Fault::Deep));
    // Three objects and an array are four levels.
    assert_eq!(refused("<a><b><c/><c/></b><b/></a>"), Some(Fault::Values));
    assert_eq!(refused("<a><b/><b/><c/></a>"), None);
    assert_eq!(refused("<a><b/><b/><c/><d/></a>"), Some(Fault::Values));
    assert_eq!(refused("<a b='1' c='2' d='3' e='4'/>"), None);
    assert_eq!(refused("<a b='1' c='2' d='3' e='4'>x</a>"), Some(Fault::Values));
    assert_eq!(refused("<a>12345678</a>"), None);
    assert_eq!(refused("<a>1234<!---->56789</a>"), Some(Fault::Text));
    assert_eq!(refused("<a>&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;&#49;</a>"), Some(Fault::Text));
    assert_eq!(refused("<a b='123456789'/>"), Some(Fault::Text));
    assert_eq!(refused(&format!("<a>{}</a>", " ".repeat(60))), Some(Fault::Bytes));
    let values = Limits { values: 100, ..limits };
    let deep = |text: &str| {
        read(text.as_bytes(), &XmlRules::of_root("a"), &values).map_err(|error| error.fault).err()
    };
    assert_eq!(deep("<a><b><c/><c/></b></a>"), None);
    assert_eq!(deep("<a><b><c/><c/></b><b/></a>"), Some(Fault::Deep));
    // Deep documents are no way to the end of the stack, whatever a caller allows.
    let all = Limits { depth: usize::MAX, ..Limits::of(4_000_000) };
    let fault = read("<a>".repeat(1_000_000).as_bytes(), &XmlRules::default(), &all).unwrap_err();
    assert_eq!((fault.fault, fault.at), (Fault::Deep, 3 * MOST_DEPTH));
    let many: String = (0..257).map(|at| format!(" a{at}=''")).collect();
    refuses(format!("<a{many}/>").as_bytes(), 0, Fault::Values);
    let many: String = (0..65).map(|at| format!(" xmlns:a{at}='u'")).collect();
    refuses(format!("<a{many}/>").as_bytes(), 0, Fault::Values);
}

#[test]
fn what_is_written_is_bounded() {
    let node = parse(br#"{"a":{"b":"&&"}}"#, &LIMITS).unwrap();
    let xml = write(&node, &XmlRules::default(), 1_000).unwrap();
    assert_eq!(write(&node, &XmlRules::default(), xml.len()).unwrap(), xml);
    assert_eq!(write(&node, &XmlRules::default(), xml.len() - 1), Err(Fault::Bytes));
    let mut deep = Node::Null;
    for _ in 0..300 {
        deep = Node::Array(vec![deep]);
    }
    assert_eq!(write(&deep, &XmlRules::of_root("a"), 100_000), Err(Fault::Deep));
}

/// Many names in one element cost no more than their sorting.
#[test]
fn many_members_are_read() {
    let inside: String = (0..20_000).map(|at| format!("<a{at}/>")).collect();
    let text = format!("<r>{inside}{inside}</r>");
    let node = read(text.as_bytes(), &XmlRules::of_root("r"), &Limits::of(text.len())).unwrap();
    assert_eq!(node.object().unwrap().len(), 20_000);
    assert_eq!(node.object().unwrap().get("a19999").unwrap().to_text(), r#"["",""]"#);
}
