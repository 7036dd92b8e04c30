//! Where a person is taken after the login: to the page that was asked for, and never off the origin.

/// The longest address that is remembered; it lies in the login cookie.
const LONGEST: usize = 1_024;

/// The path and query of the request, if a browser that is sent there stays on this origin; else `/`.
///
/// The WHATWG URL standard reads more as an authority than RFC 3986 does: `\` is `/`, and tabs and line ends are taken
/// out before reading. So what begins with two slashes of any kind, or holds anything but visible ASCII, is refused.
pub fn same_origin(target: &str) -> &str {
    let bytes = target.as_bytes();
    let is_path = bytes.first() == Some(&b'/') && bytes.get(1) != Some(&b'/');
    let is_plain =
        bytes.len() <= LONGEST && bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'\\');
    if is_path && is_plain { target } else { "/" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn paths_stay_and_all_else_is_the_root() {
        for target in ["/", "/a", "/a/b?c=d&e=https://evil.example", "/a//b", "/%2F%2Fevil.example", "/..//a"]
        {
            assert_eq!(same_origin(target), target);
        }
        for target in [
            "",
            "a",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            "/a\r\nSet-Cookie: a=b",
            "https://evil.example/",
            "javascript:alert(1)",
            "/a b",
            "/\u{e4}",
            "/\u{7f}",
            "*",
            "?a",
            "@evil.example",
        ] {
            assert_eq!(same_origin(target), "/", "{target:?}");
        }
        assert_eq!(same_origin(&format!("/{}", "a".repeat(LONGEST))), "/");
    }
}
