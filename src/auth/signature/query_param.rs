//! `@query-param` (RFC 9421 section 2.2.8): one parameter of the query.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// What the URL Standard's application/x-www-form-urlencoded percent-encode set leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

/// The value of the parameter whose name, encoded, is `name`; or why there is none. Name and value are decoded as a
/// form's and encoded again, so that two spellings of one value are the same.
///
/// Bytes that are not UTF-8 are kept as they are: replaced, as the URL Standard would, they could be exchanged for
/// others under a valid signature.
pub(super) fn value(query: Option<&str>, name: &str) -> Result<String, &'static str> {
    let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut named = pairs.filter(|(pair, _)| normal(pair) == name);
    let (_, value) = named.next().ok_or("the query has no such parameter")?;
    // RFC 9421 section 2.2.8: "If a parameter name occurs multiple times in a request, the named query parameter MUST
    // NOT be included."
    match named.next() {
        Some(_) => Err("the query has it more than once"),
        None => Ok(normal(value)),
    }
}

fn normal(text: &str) -> String {
    let spaces: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    let decoded: Vec<u8> = percent_decode(&spaces).collect();
    percent_encode(&decoded, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9421 section 2.2.8's examples.
    #[test]
    fn examples() {
        let query = Some("param=value&foo=bar&baz=batman&qux=");
        assert_eq!(value(query, "baz").as_deref(), Ok("batman"));
        assert_eq!(value(query, "qux").as_deref(), Ok(""));
        assert_eq!(value(query, "param").as_deref(), Ok("value"));
        let query = Some(
            "var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something",
        );
        assert_eq!(value(query, "var").as_deref(), Ok("this%20is%20a%20big%0Amultiline%20value"));
        assert_eq!(value(query, "bar").as_deref(), Ok("with%20plus%20whitespace"));
        assert_eq!(value(query, "fa%C3%A7ade%22%3A%20").as_deref(), Ok("something"));
    }

    #[test]
    fn what_there_is_not() {
        assert!(value(None, "a").is_err());
        assert!(value(Some(""), "").is_err());
        assert!(value(Some("a=1&a=1"), "a").is_err());
        assert!(value(Some("a=1&%61=2"), "a").is_err());
        assert!(value(Some("a b=1"), "a b").is_err());
        assert_eq!(value(Some("&&=1&b"), "").as_deref(), Ok("1"));
        assert_eq!(value(Some("&&=1&b"), "b").as_deref(), Ok(""));
    }

    #[test]
    fn bytes_that_are_not_text_are_told_apart() {
        assert_eq!(value(Some("a=%ff"), "a").as_deref(), Ok("%FF"));
        assert_ne!(value(Some("a=%ff"), "a"), value(Some("a=%fe"), "a"));
        assert_eq!(value(Some("a=1%2&"), "a").as_deref(), Ok("1%252"));
    }
}
