//! Replacing the prefix of a path, as the Kubernetes Gateway API does (`HTTPPathModifier`, `ReplacePrefixMatch`).

/// The path with its prefix replaced. `path` begins with the segments of `prefix`, byte for byte: both in normal form
/// ([`crate::route::path`]), or both as they came. A path that does not is given back as it is.
///
/// By whole segments; a slash at the end of `prefix` or `replacement` does not count. What is left of the path is not
/// touched, so that a slash at its end stays. The result begins with `/`.
pub fn replace_prefix(path: &str, prefix: &str, replacement: &str) -> String {
    let Some(rest) = rest_after(path, prefix) else { return path.to_owned() };
    // More than one slash at the end, too: the rest begins with one.
    let replacement = replacement.trim_end_matches('/');
    let mut out = String::with_capacity(replacement.len() + rest.len() + 1);
    if !replacement.is_empty() && !replacement.starts_with('/') {
        out.push('/');
    }
    out.push_str(replacement);
    out.push_str(rest);
    if out.is_empty() {
        out.push('/');
    }
    out
}

/// What follows the prefix: empty, or it begins with a slash. Nothing, if the path does not begin with the whole
/// segments of the prefix.
pub fn rest_after<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_gateway_api() {
        for (path, prefix, replacement, expected) in [
            ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
            ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
            ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
            ("/foo", "/foo", "/xyz", "/xyz"),
            ("/foo/", "/foo", "/xyz", "/xyz/"),
            ("/foo/bar", "/foo", "", "/bar"),
            ("/foo/", "/foo", "", "/"),
            ("/foo", "/foo", "", "/"),
            ("/foo/", "/foo", "/", "/"),
            ("/foo", "/foo", "/", "/"),
        ] {
            assert_eq!(
                replace_prefix(path, prefix, replacement),
                expected,
                "{path} {prefix} {replacement:?}"
            );
        }
    }

    #[test]
    fn beyond_the_table() {
        for (path, prefix, replacement, expected) in [
            ("/a/b", "/", "/v1", "/v1/a/b"),
            ("/", "/", "/v1", "/v1/"),
            ("/", "/", "", "/"),
            ("/a", "", "/v1", "/v1/a"),
            ("/foo", "/foo/", "/xyz/", "/xyz"),
            ("/foo/bar", "/foo", "xyz", "/xyz/bar"),
            ("/foo/b%2Fr//", "/foo", "/x/y", "/x/y/b%2Fr//"),
            ("/foobar", "/foo", "/xyz", "/foobar"),
            ("*", "/foo", "/xyz", "*"),
        ] {
            assert_eq!(
                replace_prefix(path, prefix, replacement),
                expected,
                "{path} {prefix} {replacement:?}"
            );
        }
    }
}
