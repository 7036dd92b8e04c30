//! Cookie text that is longer than a cookie: spread over several, and put together again.
//!
//! The first cookie has the name itself; where there are more, its value begins with how many, and the others are
//! named by their number. Sealed text has no `.` in it.

use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderValue;

use super::cookie;

/// How much of the text one cookie takes. RFC 6265 section 6.1: browsers keep at least 4096 bytes of name, value and
/// attributes; the attributes here are about 70, and names are at most [`NAME_MOST`].
const CHUNK: usize = 3_800;

/// The longest name of a cookie.
pub const NAME_MOST: usize = 200;

/// The most cookies for one value: with more, servers on the way begin to refuse the request for its size.
pub const CHUNKS_MOST: usize = 3;

/// The text under `name`, where all of it is there, once. None for anything else.
pub fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    let first = cookie::find(headers, name)?;
    let Some((count, first)) = first.split_once('.') else { return Some(first.to_owned()) };
    let count = count.parse().ok().filter(|count| (2..=CHUNKS_MOST).contains(count))?;
    let mut text = first.to_owned();
    for number in 1..count {
        text.push_str(cookie::find(headers, &numbered(name, number))?);
    }
    Some(text)
}

/// The `Set-Cookie` values that put `text` under `name`, and take away what the request still has of a longer one.
/// None where it is longer than [`CHUNKS_MOST`] cookies.
pub fn write(
    request: &HeaderMap,
    name: &str,
    text: &str,
    age: Duration,
    secure: bool,
) -> Option<Vec<HeaderValue>> {
    let count = text.len().div_ceil(CHUNK).max(1);
    if count > CHUNKS_MOST || !text.is_ascii() || name.len() > NAME_MOST {
        return None;
    }
    let mut cookies = Vec::with_capacity(count);
    for number in 0..count {
        let part = &text[number * CHUNK..text.len().min((number + 1) * CHUNK)];
        let value = match number {
            0 if count > 1 => cookie::set(name, &format!("{count}.{part}"), age, secure),
            0 => cookie::set(name, part, age, secure),
            _ => cookie::set(&numbered(name, number), part, age, secure),
        };
        cookies.push(value?);
    }
    cookies.extend(forget_from(request, name, count, secure));
    Some(cookies)
}

/// The `Set-Cookie` values that take away everything the request has under `name`.
pub fn forget(request: &HeaderMap, name: &str, secure: bool) -> Vec<HeaderValue> {
    forget_from(request, name, 0, secure).collect()
}

fn forget_from(
    request: &HeaderMap,
    name: &str,
    from: usize,
    secure: bool,
) -> impl Iterator<Item = HeaderValue> {
    (from..CHUNKS_MOST)
        .map(move |number| if number == 0 { name.to_owned() } else { numbered(name, number) })
        .filter(|name| cookie::all(request).any(|(other, _)| other == name))
        .filter_map(move |name| cookie::forget(&name, secure))
}

/// Whether the cookie `other` is `name` or one of its numbered ones.
pub fn is_of(name: &str, other: &str) -> bool {
    other == name || (1..CHUNKS_MOST).any(|number| other == numbered(name, number))
}

fn numbered(name: &str, number: usize) -> String {
    format!("{name}~{number}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::header::COOKIE;

    use super::*;

    /// What a browser sends back after it was told `cookies`.
    fn browser(cookies: &[HeaderValue]) -> HeaderMap {
        let pairs = cookies.iter().filter(|it| !it.to_str().unwrap().contains("Max-Age=0"));
        let pairs: Vec<_> = pairs.map(|it| it.to_str().unwrap().split(';').next().unwrap()).collect();
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(pairs.join("; ")).unwrap())])
    }

    fn write_new(text: &str) -> Option<Vec<HeaderValue>> {
        write(&HeaderMap::new(), "s", text, Duration::from_secs(9), true)
    }

    #[test]
    fn text_of_any_length_comes_back() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK] {
            let text: String = ('a'..='z').cycle().take(length).collect();
            let cookies = write_new(&text).unwrap();
            assert_eq!(cookies.len(), length.div_ceil(CHUNK).max(1));
            assert!(cookies.iter().all(|cookie| cookie.len() <= 4096));
            assert_eq!(read(&browser(&cookies), "s").unwrap(), text, "{length}");
        }
        assert_eq!(write_new(&"a".repeat(3 * CHUNK + 1)), None);
    }

    #[test]
    fn a_part_missing_or_twice_is_nothing() {
        let mut sent = browser(&write_new(&"a".repeat(2 * CHUNK + 1)).unwrap());
        assert!(read(&sent, "s").is_some());
        sent.append(COOKIE, HeaderValue::from_static("s~2=b"));
        assert_eq!(read(&sent, "s"), None);
        for field in ["s=2.a", "s=9.a; s~1=b", "s=1.a", "s=0.a", "s=.a", "s~1=b", "s=-2.a; s~1=b", "s=x.a"] {
            let sent = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(field))]);
            assert_eq!(read(&sent, "s"), None, "{field}");
        }
    }

    #[test]
    fn what_is_left_of_a_longer_text_goes() {
        let before = browser(&write_new(&"a".repeat(2 * CHUNK + 1)).unwrap());
        let names = |cookies: &[HeaderValue]| -> Vec<String> {
            let text = cookies.iter().map(|it| it.to_str().unwrap());
            text.filter(|it| it.contains("Max-Age=0"))
                .map(|it| it.split('=').next().unwrap().to_owned())
                .collect()
        };
        let cookies = write(&before, "s", "short", Duration::from_secs(9), true).unwrap();
        assert_eq!(names(&cookies), ["s~1", "s~2"]);
        assert_eq!(names(&forget(&before, "s", true)), ["s", "s~1", "s~2"]);
        assert_eq!(forget(&HeaderMap::new(), "s", true), Vec::<HeaderValue>::new());
    }
}
