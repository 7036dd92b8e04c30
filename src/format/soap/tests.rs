//! Envelopes around requests and answers.

#![allow(clippy::unwrap_used)]

use super::super::xml::{Namespaces, What};
use super::*;
use crate::json::{Path, parse};

const LIMITS: Limits = Limits::of(100_000);

fn rules() -> XmlRules {
    XmlRules { namespace: Some("urn:orders".into()), ..XmlRules::of_root("GetOrder") }
}

#[test]
fn a_value_is_wrapped() {
    let node = parse(br#"{"id":7,"note":"<x>"}"#, &LIMITS).unwrap();
    let bytes = wrap(&node, Version::V11, &rules(), 1_000).unwrap();
    assert_eq!(
        std::str::from_utf8(&bytes).unwrap(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>\
         <GetOrder xmlns=\"urn:orders\"><id>7</id><note>&lt;x&gt;</note></GetOrder>\
         </soap:Body></soap:Envelope>"
    );
    let bytes = wrap(&node, Version::V12, &rules(), 1_000).unwrap();
    assert!(
        std::str::from_utf8(&bytes)
            .unwrap()
            .contains("xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\"")
    );
    assert_eq!(wrap(&node, Version::V12, &rules(), bytes.len() - 1), Err(Fault::Bytes));
}

#[test]
fn fields_say_what_it_is_for() {
    let one = Version::V11;
    assert_eq!(one.content_type("urn:get"), "text/xml; charset=utf-8");
    assert_eq!(one.soap_action("urn:get").as_deref(), Some("\"urn:get\""));
    assert_eq!(one.soap_action("").as_deref(), Some("\"\""));
    let two = Version::V12;
    assert_eq!(two.content_type("urn:get"), "application/soap+xml; charset=utf-8; action=\"urn:get\"");
    assert_eq!(two.soap_action("urn:get"), None);
    assert_eq!(two.content_type(""), "application/soap+xml; charset=utf-8");
    for (action, fits) in
        [("urn:a", true), ("", true), ("a\"b", false), ("a b", false), ("a\\", false), ("ü", false)]
    {
        assert_eq!(is_action(action), fits, "{action}");
    }
}

#[test]
fn what_is_in_a_body_is_read_by_the_rules() {
    let mut rules = XmlRules { namespaces: Namespaces::Strip, ..XmlRules::of_root("GetOrderResponse") };
    rules.say(&Path::read("GetOrderResponse.id").unwrap(), What::Number).unwrap();
    let inside = "<GetOrderResponse xmlns='urn:orders'><id>7</id></GetOrderResponse>";
    for text in [
        format!(
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>{inside}</s:Body></s:Envelope>"
        ),
        format!(
            "<?xml version='1.0'?><Envelope xmlns='http://www.w3.org/2003/05/soap-envelope'>\n <Header><a:b xmlns:a='urn:a'>x\
             <a:c/></a:b></Header>\n <Body>\n{inside}\n</Body>\n</Envelope>"
        ),
    ] {
        assert_eq!(unwrap(text.as_bytes(), &rules, &LIMITS).unwrap().to_text(), r#"{"id":7}"#, "{text}");
    }
    let empty = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>";
    assert_eq!(unwrap(empty.as_bytes(), &rules, &LIMITS), Ok(Node::Null));
    let node = parse(br#"{"id":7}"#, &LIMITS).unwrap();
    for version in [Version::V11, Version::V12] {
        let bytes = wrap(&node, version, &rules, 1_000).unwrap();
        assert_eq!(unwrap(&bytes, &rules, &LIMITS), Ok(node.borrow()));
    }
}

#[test]
fn faults_are_told() {
    let one = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault>\
        <faultcode>s:Client.Auth</faultcode><faultstring xml:lang='en'> No such order </faultstring>\
        <detail><e:code xmlns:e='urn:e'>17</e:code></detail></s:Fault></s:Body></s:Envelope>";
    let Refused::Fault(fault) = unwrap(one.as_bytes(), &rules(), &LIMITS).unwrap_err() else {
        panic!("it is a fault")
    };
    assert_eq!((&*fault.code, &*fault.text, fault.is_senders()), ("Client.Auth", "No such order", true));
    assert_eq!(fault.detail.unwrap().to_text(), r#"{"code":"17"}"#);
    let two = "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body><e:Fault>\
        <e:Code><e:Value>e:Receiver</e:Value><e:Subcode><e:Value>m:Timeout</e:Value></e:Subcode></e:Code>\
        <e:Reason><e:Text xml:lang='en'>Later</e:Text><e:Text xml:lang='cs'>Pozd\u{11b}ji</e:Text></e:Reason>\
        </e:Fault></e:Body></e:Envelope>";
    let Refused::Fault(fault) = unwrap(two.as_bytes(), &rules(), &LIMITS).unwrap_err() else {
        panic!("it is a fault")
    };
    assert_eq!((&*fault.code, &*fault.text, fault.is_senders()), ("Receiver", "Later", false));
    assert_eq!(fault.detail, None);
    let bare = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault/></s:Body></s:Envelope>";
    let Refused::Fault(fault) = unwrap(bare.as_bytes(), &rules(), &LIMITS).unwrap_err() else {
        panic!("it is a fault")
    };
    assert_eq!((&*fault.code, &*fault.text), ("", ""));
}

#[test]
fn what_is_no_envelope_is_refused() {
    const OPEN: &str = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'>";
    const CLOSE: &str = "</s:Envelope>";
    for (text, fault) in [
        ("<a/>".to_owned(), Fault::Root),
        ("<Envelope><Body/></Envelope>".to_owned(), Fault::Root),
        ("<s:Envelope xmlns:s='urn:other'><s:Body/></s:Envelope>".to_owned(), Fault::Root),
        (format!("{OPEN}{CLOSE}"), Fault::Root),
        (format!("{OPEN}<Body/>{CLOSE}"), Fault::Root),
        (format!("{OPEN}<s:Body/><s:Body/>{CLOSE}"), Fault::Root),
        (format!("{OPEN}<s:Body/><s:Header/>{CLOSE}"), Fault::Root),
        (format!("{OPEN}<s:Body><GetOrder/><GetOrder/></s:Body>{CLOSE}"), Fault::Root),
        (format!("{OPEN}<s:Body><Other/></s:Body>{CLOSE}"), Fault::Root),
        (format!("{OPEN}<s:Body>x</s:Body>{CLOSE}"), Fault::Mixed),
        (format!("{OPEN}x<s:Body/>{CLOSE}"), Fault::Mixed),
        (format!("{OPEN}<s:Body/>{CLOSE}<a/>"), Fault::Syntax("there is something beside the root element")),
        (format!("<!DOCTYPE a>{OPEN}<s:Body/>{CLOSE}"), Fault::Dtd),
        (format!("{OPEN}<s:Header>&x;</s:Header><s:Body/>{CLOSE}"), Fault::Entity),
        (OPEN.to_owned(), Fault::End),
        (String::new(), Fault::End),
    ] {
        let Refused::Unread(error) = unwrap(text.as_bytes(), &rules(), &LIMITS).unwrap_err() else {
            panic!("{text}")
        };
        assert_eq!(error.fault, fault, "{text}");
    }
}
