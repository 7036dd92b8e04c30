//! The token of a request (RFC 6750 section 2.1).

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::Rejection;

/// The bearer token in `Authorization`; `None` where there is none, or credentials of another scheme. In the query or
/// in a form, where RFC 6750 allows it too, tokens end up in logs: there they are not looked for.
pub fn token(headers: &HeaderMap) -> Result<Option<&str>, Rejection> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        // RFC 9110 section 5.3: it is no list, so which one counts is anybody's guess.
        return Err(Rejection::malformed("there are several lines of Authorization"));
    }
    // RFC 9110 section 11.1: the scheme's letters may be of either case.
    let Some((scheme, rest)) = line.as_bytes().split_at_checked(SCHEME.len()) else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case(SCHEME) || rest.first().is_some_and(|byte| *byte != b' ') {
        return Ok(None);
    }
    match std::str::from_utf8(rest.trim_ascii()) {
        Ok(token) if is_b64token(token) => Ok(Some(token)),
        _ => Err(Rejection::malformed("what stands after Bearer is no token")),
    }
}

const SCHEME: &[u8] = b"Bearer";

/// RFC 6750 section 2.1.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn found(lines: &[&str]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        token(&headers).map(|found| found.map(str::to_owned)).map_err(drop)
    }

    #[test]
    fn tokens_are_found() {
        for line in ["Bearer mF_9.B5f-4.1JqM", "bearer mF_9.B5f-4.1JqM", "BEARER   mF_9.B5f-4.1JqM "] {
            assert_eq!(found(&[line]), Ok(Some("mF_9.B5f-4.1JqM".to_owned())), "{line}");
        }
        assert_eq!(found(&["Bearer a+/b=="]), Ok(Some("a+/b==".to_owned())));
    }

    #[test]
    fn credentials_of_others_are_left_to_them() {
        for lines in
            [&[][..], &["Basic YTpi"], &["BearerX abc"], &["Bea"], &["Bearer-Token abc"], &["Token x"]]
        {
            assert_eq!(found(lines), Ok(None), "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_token_is_told() {
        for lines in [
            &["Bearer"][..],
            &["Bearer "],
            &["Bearer a b"],
            &["Bearer a=b"],
            &["Bearer =="],
            &["Bearer é"],
            &["Bearer a", "Bearer b"],
        ] {
            assert_eq!(found(lines), Err(()), "{lines:?}");
        }
    }
}
