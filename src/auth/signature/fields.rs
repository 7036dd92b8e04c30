//! `Signature-Input` and `Signature` (RFC 9421 section 4), read together.

use std::convert::Infallible;

use http::{HeaderMap, HeaderName};
use sfv::visitor::{DictionaryVisitor, EntryVisitor};
use sfv::{BareItem, Dictionary, FieldType, InnerList, Item, KeyRef, ListEntry, Parameters, Parser};

use super::{Component, Rejection, field_value};

/// The name of the field that says what is signed.
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
/// The name of the field with the signatures.
const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// How many bytes of the two fields together are read. Four signatures over a dozen components each are some 2 KiB.
const MOST_BYTES: usize = 8 * 1024;

/// How many signatures a request may have: the client's own and those of hops on the way.
const MOST_SIGNATURES: usize = 4;

/// How many components a signature may cover; RFC 9421's own examples have ten at most.
const MOST_COMPONENTS: usize = 32;

/// One signature of a request: what it says of itself, and nothing verified yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// Its name in this request.
    pub label: String,
    /// What it covers, in its order.
    pub covered: Vec<Component>,
    /// RFC 9421 section 2.3: the value of `@signature-params`, serialised strictly.
    pub params: String,
    /// RFC 9421 section 2.3, in Unix seconds.
    pub created: Option<i64>,
    /// RFC 9421 section 2.3, in Unix seconds.
    pub expires: Option<i64>,
    /// RFC 9421 section 2.3.
    pub nonce: Option<String>,
    /// RFC 9421 section 2.3.
    pub alg: Option<String>,
    /// RFC 9421 section 2.3.
    pub keyid: Option<String>,
    /// RFC 9421 section 2.3.
    pub tag: Option<String>,
    /// The signature itself.
    pub bytes: Vec<u8>,
}

/// A dictionary of signatures: few members, and none twice.
#[derive(Default)]
struct Labels {
    members: Dictionary,
    wrong: Option<Rejection>,
}

/// A signature by its label; or why it is none, because a policy may ask for another.
pub type Labelled = (String, Result<Signature, Rejection>);

/// Every signature of a request, in the order of `Signature-Input`; at least one. Or why that cannot be said.
pub fn signatures(headers: &HeaderMap) -> Result<Vec<Labelled>, Rejection> {
    if !headers.contains_key(SIGNATURE_INPUT) && !headers.contains_key(SIGNATURE) {
        return Err(Rejection::Absent);
    }
    let bytes = |name: &HeaderName| headers.get_all(name).iter().map(|line| line.len()).sum::<usize>();
    if bytes(&SIGNATURE_INPUT) + bytes(&SIGNATURE) > MOST_BYTES {
        return Err(Rejection::TooLarge);
    }
    let inputs = members(headers, &SIGNATURE_INPUT, "Signature-Input")?;
    let mut values = members(headers, &SIGNATURE, "Signature")?;
    // RFC 9421 section 4: "The presence of a label in one field but not the other is an error."
    if inputs.len() != values.len() {
        return Err(Rejection::Unpaired);
    }
    // RFC 9651 section 3.2: an empty dictionary is the same as none.
    if inputs.is_empty() {
        return Err(Rejection::Absent);
    }
    let pairs = inputs.into_iter().map(|(label, input)| {
        let value = values.swap_remove(&label).ok_or(Rejection::Unpaired)?;
        let label = label.as_str().to_owned();
        Ok((label.clone(), Signature::new(label, input, value)))
    });
    pairs.collect()
}

fn members(headers: &HeaderMap, name: &HeaderName, said: &'static str) -> Result<Dictionary, Rejection> {
    let joined = field_value::joined(headers, name).ok_or(Rejection::Unpaired)?;
    let read = Parser::new(&joined).parse_dictionary_with_visitor(Labels::default());
    let labels = read.map_err(|_| Rejection::Malformed(said))?;
    match labels.wrong {
        Some(Rejection::Malformed(_)) => Err(Rejection::Malformed(said)),
        Some(wrong) => Err(wrong),
        None => Ok(labels.members),
    }
}

/// RFC 9421 section 2.3: a parameter of type String, if it is there.
fn text(params: &Parameters, name: &'static str) -> Result<Option<String>, Rejection> {
    match params.get(name) {
        None => Ok(None),
        Some(BareItem::String(text)) => Ok(Some(text.as_str().to_owned())),
        Some(_) => Err(Rejection::Parameter(name)),
    }
}

/// RFC 9421 section 2.3: a parameter of type Integer, if it is there. "Sub-second precision is not supported."
fn seconds(params: &Parameters, name: &'static str) -> Result<Option<i64>, Rejection> {
    match params.get(name) {
        None => Ok(None),
        Some(BareItem::Integer(seconds)) => Ok(Some(i64::from(*seconds))),
        Some(_) => Err(Rejection::Parameter(name)),
    }
}

// === impl Signature ===

impl Signature {
    fn new(label: String, input: ListEntry, value: ListEntry) -> Result<Self, Rejection> {
        let ListEntry::InnerList(input) = input else { return Err(Rejection::Malformed("Signature-Input")) };
        let ListEntry::Item(Item { bare_item: BareItem::ByteSequence(bytes), .. }) = value else {
            return Err(Rejection::Malformed("Signature"));
        };
        if input.items.len() > MOST_COMPONENTS {
            return Err(Rejection::TooManyComponents);
        }
        let covered = components(&input)?;
        let params = &input.params;
        Ok(Self {
            label,
            covered,
            created: seconds(params, "created")?,
            expires: seconds(params, "expires")?,
            nonce: text(params, "nonce")?,
            alg: text(params, "alg")?,
            keyid: text(params, "keyid")?,
            tag: text(params, "tag")?,
            params: vec![ListEntry::InnerList(input)]
                .serialize()
                .ok_or(Rejection::Malformed("Signature-Input"))?,
            bytes,
        })
    }
}

fn components(input: &InnerList) -> Result<Vec<Component>, Rejection> {
    let mut covered: Vec<Component> = Vec::with_capacity(input.items.len());
    for item in &input.items {
        let component = Component::new(item)?;
        // RFC 9421 section 2: "Each component identifier MUST occur only once in the covered components."
        if covered.iter().any(|other| other.kind == component.kind) {
            return Err(component.refuse("it is covered twice"));
        }
        covered.push(component);
    }
    Ok(covered)
}

// === impl Labels ===

impl<'de> DictionaryVisitor<'de> for Labels {
    type Out = Self;
    type Error = Infallible;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Infallible> {
        // RFC 8941 section 4.2.2 lets the last of several members of a name win; RFC 9421 section 4 says that a label
        // must be unique, and a request that breaks it may be read in two ways.
        if self.members.contains_key(key.as_str()) {
            self.wrong = Some(Rejection::Malformed("Signature-Input"));
            return Ok(None);
        }
        if self.members.len() == MOST_SIGNATURES {
            self.wrong = Some(Rejection::TooManySignatures);
            return Ok(None);
        }
        DictionaryVisitor::entry(&mut self.members, key).map(Some)
    }

    fn finish(self) -> Result<Self, Infallible> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn read(lines: &[(&'static str, &str)]) -> Result<Vec<Labelled>, Rejection> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        signatures(&headers)
    }

    /// One signature with these parts of `Signature-Input`.
    fn one(input: &str) -> Result<Signature, Rejection> {
        read(&[("signature-input", &format!("a={input}")), ("signature", "a=:AQI=:")])
            .and_then(|mut all| all.remove(0).1)
    }

    #[test]
    fn parameters() {
        // RFC 9421 section 4.1's example, with the order of its parameters.
        let input = "(\"@method\"   \"@target-uri\" \"content-digest\" \"cache-control\");\
                     keyid=\"test-key-rsa-pss\";alg=\"ed25519\";created=1618884475; expires=1618884775;tag=\"t\";\
                     nonce=\"n\";other=?1";
        let signature = one(input).unwrap();
        assert_eq!(
            signature.params,
            "(\"@method\" \"@target-uri\" \"content-digest\" \"cache-control\");keyid=\"test-key-rsa-pss\";\
             alg=\"ed25519\";created=1618884475;expires=1618884775;tag=\"t\";nonce=\"n\";other"
        );
        assert_eq!(signature.covered.len(), 4);
        assert_eq!((signature.created, signature.expires), (Some(1_618_884_475), Some(1_618_884_775)));
        assert_eq!(signature.keyid.as_deref(), Some("test-key-rsa-pss"));
        assert_eq!(signature.alg.as_deref(), Some("ed25519"));
        assert_eq!(signature.tag.as_deref(), Some("t"));
        assert_eq!(signature.nonce.as_deref(), Some("n"));
        assert_eq!(signature.bytes, [1, 2]);
        assert_eq!(one("()").unwrap().params, "()");
    }

    #[test]
    fn parameters_of_another_type() {
        for (input, name) in [
            ("();created=1.5", "created"),
            ("();created=\"1\"", "created"),
            ("();created=@1", "created"),
            ("();created", "created"),
            ("();expires=:AQ==:", "expires"),
            ("();keyid=token", "keyid"),
            ("();keyid=1", "keyid"),
            ("();alg=ed25519", "alg"),
            ("();nonce", "nonce"),
            ("();tag=?0", "tag"),
        ] {
            assert_eq!(one(input), Err(Rejection::Parameter(name)), "{input}");
        }
    }

    #[test]
    fn several_lines_are_one_dictionary() {
        let lines = [
            ("signature-input", "a=();keyid=\"1\""),
            ("signature-input", "b=();keyid=\"2\", c=()"),
            ("signature", "c=:Aw==:, b=:Ag==:"),
            ("signature", "a=:AQ==:"),
        ];
        let all: Vec<_> = read(&lines).unwrap().into_iter().map(|(_, one)| one.unwrap()).collect();
        let said: Vec<_> = all.iter().map(|one| (one.label.as_str(), one.bytes[0])).collect();
        assert_eq!(said, [("a", 1), ("b", 2), ("c", 3)]);
    }

    #[test]
    fn what_is_not_a_pair_of_fields() {
        let input = ("signature-input", "a=()");
        assert_eq!(read(&[]), Err(Rejection::Absent));
        assert_eq!(read(&[("signature-input", ""), ("signature", "")]), Err(Rejection::Absent));
        assert_eq!(read(&[input]), Err(Rejection::Unpaired));
        assert_eq!(read(&[("signature", "a=:AQ==:")]), Err(Rejection::Unpaired));
        assert_eq!(read(&[input, ("signature", "b=:AQ==:")]), Err(Rejection::Unpaired));
        assert_eq!(read(&[input, ("signature", "a=:AQ==:, b=:AQ==:")]), Err(Rejection::Unpaired));
        assert_eq!(
            read(&[input, ("signature", "a=:AQ==:, a=:AQ==:")]),
            Err(Rejection::Malformed("Signature"))
        );
        assert_eq!(
            read(&[input, input, ("signature", "a=:AQ==:")]),
            Err(Rejection::Malformed("Signature-Input"))
        );
        assert_eq!(read(&[input, ("signature", "a=:AQ==")]), Err(Rejection::Malformed("Signature")));
        for value in ["a", "a=\"AQ==\"", "a=(:AQ==:)", "a=1"] {
            let one = read(&[input, ("signature", value)]).unwrap().remove(0).1;
            assert_eq!(one, Err(Rejection::Malformed("Signature")), "{value}");
        }
        for input in ["a", "a=1", "a=\"@method\""] {
            let one = read(&[("signature-input", input), ("signature", "a=:AQ==:")]).unwrap().remove(0).1;
            assert_eq!(one, Err(Rejection::Malformed("Signature-Input")), "{input}");
        }
    }

    #[test]
    fn bounds() {
        let input: Vec<_> = (0..5).map(|n| format!("a{n}=()")).collect();
        let value: Vec<_> = (0..5).map(|n| format!("a{n}=:AQ==:")).collect();
        let four = read(&[("signature-input", &input[..4].join(",")), ("signature", &value[..4].join(","))]);
        assert_eq!(four.unwrap().len(), MOST_SIGNATURES);
        let five = read(&[("signature-input", &input.join(",")), ("signature", &value.join(","))]);
        assert_eq!(five, Err(Rejection::TooManySignatures));

        let names: Vec<_> = (0..33).map(|n| format!("\"x{n}\"")).collect();
        assert_eq!(one(&format!("({})", names[..32].join(" "))).unwrap().covered.len(), MOST_COMPONENTS);
        assert_eq!(one(&format!("({})", names.join(" "))), Err(Rejection::TooManyComponents));

        let long = |nonce: usize| one(&format!("();nonce=\"{}\"", "n".repeat(nonce)));
        let around = "a=();nonce=\"\"a=:AQI=:".len();
        assert!(long(MOST_BYTES - around).is_ok());
        assert_eq!(long(MOST_BYTES - around + 1), Err(Rejection::TooLarge));
    }

    #[test]
    fn one_that_is_wrong_does_not_spoil_the_others() {
        let lines = [("signature-input", "a=(\"@nonsense\"), b=()"), ("signature", "a=:AQ==:, b=:AQ==:")];
        let all = read(&lines).unwrap();
        assert!(all[0].1.is_err());
        assert_eq!(all[1].1.as_ref().unwrap().label, "b");
    }

    #[test]
    fn twice_is_once_too_often() {
        for input in [
            "(\"date\" \"date\")",
            "(\"@method\" \"@path\" \"@method\")",
            "(\"x\";key=\"a\" \"x\";key=\"a\")",
            "(\"x\";key=\"a\" \"x\";sf;key=\"a\")",
            "(\"@query-param\";name=\"a\" \"@query-param\";name=\"a\")",
        ] {
            assert!(matches!(one(input), Err(Rejection::Component { .. })), "{input}");
        }
        for input in ["(\"x\" \"x\";bs)", "(\"x\";key=\"a\" \"x\";key=\"b\")", "(\"x\" \"@path\")"] {
            assert!(one(input).is_ok(), "{input}");
        }
    }
}
