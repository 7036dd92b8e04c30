//! JSON objects that strangers send: tokens' headers and claims, key sets, verdicts of an authorisation server.
//!
//! They are read strictly. RFC 8259 section 4 leaves open what a member means that stands there twice, and two readers
//! that answer differently are how checks are passed by: RFC 7519 section 4 wants such claims refused, and here they
//! are, at any depth.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What a token or an authorisation server says of somebody, by name.
pub type Claims = Map<String, Value>;

/// How much of an object is read. What is beyond is refused before it is in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of text.
    pub bytes: usize,
    /// Objects and arrays within each other, the outermost counted. At most 64, what the reader's stack is made for.
    pub depth: usize,
    /// Members of objects and elements of arrays, all together.
    pub values: usize,
}

/// For claims. Keycloak's `resource_access.{client}.roles` is four deep, and a claim about a verified identity (OpenID
/// Connect for Identity Assurance) seven. The values are a few hundred groups and as much again; each costs some 60
/// bytes of memory and may have cost two of text. The bytes are four times the largest field that servers take.
pub const CLAIMS: Bounds = Bounds { bytes: 64 << 10, depth: 8, values: 1024 };

/// Why a JSON object is not read. The text is for the operator, and repeats nothing of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub &'static str);

/// Where among the claims something stands; read when the plan is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath {
    text: Box<str>,
    /// The names on the way down; fewer than two where the text is the claim's own name only.
    steps: Vec<Box<str>>,
    pointer: bool,
}

const TOO_LONG: Refused = Refused("the JSON is too long");
const TOO_DEEP: Refused = Refused("the JSON is nested too deeply");
const TOO_MANY: Refused = Refused("the JSON has too many values");
const DUPLICATE: Refused = Refused("the JSON has a member twice");
const NOT_AN_OBJECT: Refused = Refused("not a JSON object");

// === reading ===

/// Reads one JSON object and nothing else.
///
/// # Errors
///
/// Where it is not one, has a member twice, or is beyond `bounds`.
pub fn parse(bytes: &[u8], bounds: Bounds) -> Result<Claims, Refused> {
    if bytes.len() > bounds.bytes {
        return Err(TOO_LONG);
    }
    let reading = Reading { left: Cell::new(bounds.values), refused: Cell::new(NOT_AN_OBJECT) };
    let mut text = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { reading: &reading, depth: bounds.depth }.deserialize(&mut text);
    match (value, text.end()) {
        (Ok(Value::Object(object)), Ok(())) => Ok(object),
        _ => Err(reading.refused.get()),
    }
}

/// What one reading shares over all depths.
struct Reading {
    left: Cell<usize>,
    refused: Cell<Refused>,
}

/// Reads a value that may be `depth` objects and arrays deep.
#[derive(Clone, Copy)]
struct Strict<'a> {
    reading: &'a Reading,
    depth: usize,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(self, why: Refused) -> E {
        self.reading.refused.set(why);
        E::custom(why.0)
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(self.refuse(TOO_DEEP)),
        }
    }

    fn count<E: serde::de::Error>(self) -> Result<(), E> {
        let left = self.reading.left.get().checked_sub(1).ok_or_else(|| self.refuse(TOO_MANY))?;
        self.reading.left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(inner)? {
            self.count()?;
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            self.count()?;
            if object.contains_key(&name) {
                return Err(self.refuse(DUPLICATE));
            }
            object.insert(name, access.next_value_seed(inner)?);
        }
        Ok(object.into())
    }
}

// === finding ===

/// The value at `path`: the claim whose whole name it is, else what the names between its dots lead to. A text that
/// begins with `/` is an RFC 6901 JSON Pointer.
pub fn at<'a>(claims: &'a Claims, path: &ClaimPath) -> Option<&'a Value> {
    if !path.pointer
        && let Some(value) = claims.get(&*path.text)
    {
        return Some(value);
    }
    let (first, rest) = path.steps.split_first()?;
    rest.iter().try_fold(claims.get(&**first)?, |value, step| match value {
        Value::Object(object) => object.get(&**step),
        Value::Array(list) if path.pointer => list.get(index(step)?),
        _ => None,
    })
}

/// RFC 6901 section 4: digits, without a zero in front.
fn index(step: &str) -> Option<usize> {
    let plain = step == "0" || !step.starts_with('0');
    (plain && step.bytes().all(|byte| byte.is_ascii_digit())).then(|| step.parse().ok()).flatten()
}

/// The words of a claim that holds several: of a text, what stands between spaces (RFC 6749 section 3.3), of an array,
/// its texts as they are.
pub fn words(value: &Value) -> impl Iterator<Item = &str> {
    let text = value.as_str().into_iter().flat_map(|text| text.split(' ')).filter(|word| !word.is_empty());
    text.chain(value.as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// Seconds since 1970-01-01T00:00:00Z, possibly with a fraction (RFC 7519 section 2, `NumericDate`), in milliseconds.
/// `None` where it is not a number; what is beyond what can be counted is the end of that.
pub fn numeric_date(value: &Value) -> Option<i64> {
    let Value::Number(number) = value else { return None };
    if let Some(seconds) = number.as_i64() {
        return Some(seconds.saturating_mul(1000));
    }
    // A conversion from a float saturates.
    number.as_f64().map(|seconds| (seconds * 1000.0) as i64)
}

// === impl ClaimPath ===

impl ClaimPath {
    /// Reads what an author writes: `sub`, `realm_access.roles`, `https://example.com/roles`, `/a.b/0`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("a claim has a name");
        }
        let (pointer, steps) = match text.strip_prefix('/') {
            Some(rest) => (true, rest.split('/').map(unescape).collect::<Option<Vec<_>>>()),
            None => (false, Some(text.split('.').map(Into::into).collect())),
        };
        let steps = steps.ok_or("in a JSON Pointer, ~ is written ~0, and / is written ~1")?;
        if steps.len() > CLAIMS.depth {
            return Err("no token with claims that deep is taken");
        }
        Ok(Self { text: text.into(), steps, pointer })
    }

    /// The claim of this name, at the top.
    pub fn name(name: &'static str) -> Self {
        Self { text: name.into(), steps: Vec::new(), pointer: false }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// RFC 6901 section 4; `None` where a tilde stands for nothing.
fn unescape(step: &str) -> Option<Box<str>> {
    let valid = step.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    valid.then(|| step.replace("~1", "/").replace("~0", "~").into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Claims, Refused> {
        parse(text.as_bytes(), CLAIMS)
    }

    #[test]
    fn reads_as_serde_json_does() {
        let texts = [
            "{}",
            " {\"a\":1} \n",
            r#"{"a":{"b":[1,-2,3.5,1e3,"x",true,false,null,{}]},"\u0061b":"\ud83d\ude00"}"#,
            r#"{"n":18446744073709551615,"m":-9223372036854775808,"big":123456789012345678901234567890}"#,
        ];
        for text in texts {
            assert_eq!(Value::Object(read(text).unwrap()), serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn refuses_what_is_not_one_object() {
        let texts = [
            "",
            " ",
            "null",
            "[]",
            "1",
            "\"a\"",
            "{",
            "{}}",
            "{}{}",
            "{} 1",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":1e999}",
            "{\"a\":NaN}",
            "{\"a\":\"\\ud800\"}",
            "\u{feff}{}",
            "{\"a\":\"\n\"}",
            "{/**/}",
        ];
        for text in texts {
            assert_eq!(read(text), Err(NOT_AN_OBJECT), "{text}");
        }
        assert_eq!(parse(b"{\"a\":\"\xff\"}", CLAIMS), Err(NOT_AN_OBJECT));
    }

    #[test]
    fn refuses_members_that_are_there_twice() {
        let texts = [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"c":2,"b":3}]}"#,
        ];
        for text in texts {
            assert_eq!(read(text), Err(DUPLICATE), "{text}");
        }
        assert!(read(r#"{"a":1,"A":2,"b":{"a":3}}"#).is_ok());
    }

    #[test]
    fn bounds_hold_exactly() {
        let nested = |depth: usize| format!("{}{}", "{\"a\":".repeat(depth - 1) + "{", "}".repeat(depth));
        assert!(read(&nested(CLAIMS.depth)).is_ok());
        assert_eq!(read(&nested(CLAIMS.depth + 1)), Err(TOO_DEEP));
        assert_eq!(read(&format!("{{\"a\":{}", "[".repeat(20_000))), Err(TOO_DEEP));
        // The array is a value too.
        let many = |values: usize| format!("{{\"a\":[{}]}}", vec!["0"; values - 1].join(","));
        assert!(read(&many(CLAIMS.values)).is_ok());
        assert_eq!(read(&many(CLAIMS.values + 1)), Err(TOO_MANY));
        let long = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
        assert!(read(&long(CLAIMS.bytes)).is_ok());
        assert_eq!(read(&long(CLAIMS.bytes + 1)), Err(TOO_LONG));
    }

    #[test]
    fn finds_claims() {
        let claims = json!({
            "sub": "u1",
            "realm_access": {"roles": ["a"]},
            "https://example.com/roles": ["b"],
            "a.b": 1, "a": {"b": 2, "c": {"d": 3}}, "list": [{"x": 4}], "": {"": 5}, "m~n/o": 6,
        });
        let Value::Object(claims) = claims else { unreachable!() };
        let cases = [
            ("sub", Some(json!("u1"))),
            ("realm_access.roles", Some(json!(["a"]))),
            ("https://example.com/roles", Some(json!(["b"]))),
            ("a.b", Some(json!(1))),
            ("/a/b", Some(json!(2))),
            ("/a.b", Some(json!(1))),
            ("a.c.d", Some(json!(3))),
            ("/list/0/x", Some(json!(4))),
            ("list.0.x", None),
            ("/list/00/x", None),
            ("/list/1/x", None),
            ("/list/-/x", None),
            ("//", Some(json!(5))),
            ("/m~0n~1o", Some(json!(6))),
            ("sub.x", None),
            ("nothing", None),
            ("a.c.d.e", None),
        ];
        for (path, expected) in cases {
            assert_eq!(at(&claims, &ClaimPath::parse(path).unwrap()), expected.as_ref(), "{path}");
        }
        for bad in ["", "/a~", "/a~2", "a.b.c.d.e.f.g.h.i"] {
            assert!(ClaimPath::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn splits_words() {
        let cases = [
            (json!("a  b c "), vec!["a", "b", "c"]),
            (json!(["a b", 1, "c", ["d"], null]), vec!["a b", "c"]),
            (json!(""), vec![]),
            (json!(7), vec![]),
            (json!({"a": "b"}), vec![]),
        ];
        for (value, expected) in cases {
            assert_eq!(words(&value).collect::<Vec<_>>(), expected, "{value}");
        }
    }

    #[test]
    fn reads_dates() {
        let cases = [
            (json!(1_700_000_000), Some(1_700_000_000_000)),
            (json!(1.5), Some(1500)),
            (json!(-1), Some(-1000)),
            (json!(i64::MAX), Some(i64::MAX)),
            (json!(u64::MAX), Some(i64::MAX)),
            (json!(1e300), Some(i64::MAX)),
            (json!(-1e300), Some(i64::MIN)),
            (json!("1700000000"), None),
            (json!(null), None),
        ];
        for (value, expected) in cases {
            assert_eq!(numeric_date(&value), expected, "{value}");
        }
    }
}
