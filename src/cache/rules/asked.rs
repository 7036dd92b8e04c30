//! What a request says about caching.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA};

use super::Asked;
use super::directives::{Directive, directives};
use super::seconds::{LONGEST, seconds};

/// Reads what a request says; where `ignored`, only `Authorization` has an effect.
pub fn asked(headers: &HeaderMap, ignored: bool) -> Asked {
    let mut asked = Asked { authorization: headers.contains_key(AUTHORIZATION), ..Asked::default() };
    if ignored {
        return asked;
    }
    for directive in directives(headers, CACHE_CONTROL) {
        heed(&mut asked, &directive);
    }
    // RFC 9111 section 5.4: `Pragma` counts only where there is no `Cache-Control`.
    if !headers.contains_key(CACHE_CONTROL) {
        asked.no_cache = directives(headers, PRAGMA).any(|directive| directive.is("no-cache"));
    }
    asked
}

/// RFC 9111 section 5.2.1 and RFC 5861 section 4. Of a directive that stands several times, the first counts (RFC 9111
/// section 4.2.1). What cannot be read counts as the strictest that could have been meant.
fn heed(asked: &mut Asked, directive: &Directive<'_>) {
    let number = directive.argument.map(seconds);
    if directive.is("no-cache") {
        asked.no_cache = true;
    } else if directive.is("no-store") {
        asked.no_store = true;
    } else if directive.is("only-if-cached") {
        asked.only_if_cached = true;
    } else if directive.is("max-age") {
        asked.max_age.get_or_insert(number.flatten().unwrap_or(Duration::ZERO));
    } else if directive.is("min-fresh") {
        asked.min_fresh.get_or_insert(number.flatten().unwrap_or(LONGEST));
    } else if directive.is("max-stale") {
        // RFC 9111 section 5.2.1.2: without a value, an answer of any age is taken.
        asked.max_stale.get_or_insert(number.map_or(Duration::MAX, Option::unwrap_or_default));
    } else if directive.is("stale-if-error") {
        asked.stale_if_error.get_or_insert(number.flatten().unwrap_or(Duration::ZERO));
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(lines: &[(http::HeaderName, &'static str)]) -> Asked {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        asked(&headers, false)
    }

    #[test]
    fn what_a_request_says() {
        let (none, secs) = (Asked::default(), |secs| Some(Duration::from_secs(secs)));
        for (line, expected) in [
            ("", none),
            ("foo, max-fresh=3", none),
            ("No-Cache", Asked { no_cache: true, ..none }),
            ("no-store, only-if-cached", Asked { no_store: true, only_if_cached: true, ..none }),
            ("max-age=0", Asked { max_age: secs(0), ..none }),
            ("max-age=\"5\"", Asked { max_age: secs(5), ..none }),
            ("max-age=5, max-age=0", Asked { max_age: secs(5), ..none }),
            ("max-age=-5", Asked { max_age: secs(0), ..none }),
            ("max-age", Asked { max_age: secs(0), ..none }),
            ("min-fresh=20", Asked { min_fresh: secs(20), ..none }),
            ("min-fresh=x", Asked { min_fresh: secs(1 << 31), ..none }),
            ("max-stale", Asked { max_stale: Some(Duration::MAX), ..none }),
            ("max-stale=10", Asked { max_stale: secs(10), ..none }),
            ("max-stale=x", Asked { max_stale: secs(0), ..none }),
            ("stale-if-error=7", Asked { stale_if_error: secs(7), ..none }),
            ("stale-if-error", Asked { stale_if_error: secs(0), ..none }),
        ] {
            assert_eq!(of(&[(CACHE_CONTROL, line)]), expected, "{line}");
        }
    }

    #[test]
    fn pragma_counts_where_there_is_no_cache_control() {
        assert!(of(&[(PRAGMA, "no-cache")]).no_cache);
        assert!(of(&[(PRAGMA, "x, No-Cache")]).no_cache);
        assert!(!of(&[(PRAGMA, "unrecognised")]).no_cache);
        assert!(!of(&[(PRAGMA, "no-cache"), (CACHE_CONTROL, "max-age=5")]).no_cache);
    }

    #[test]
    fn who_is_ignored_still_has_credentials() {
        let mut headers = HeaderMap::new();
        headers
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, only-if-cached, max-age=0"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic eDp5"));
        assert_eq!(asked(&headers, true), Asked { authorization: true, ..Asked::default() });
    }
}
