//! How long a fetched document is fresh: as long as its sender says, within bounds.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};

/// The least: a sender that forbids caching would otherwise be asked once a request.
pub const SHORTEST: Duration = Duration::from_secs(60);
/// The most: keys that were withdrawn are believed no longer than this.
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a document with `headers` is fresh: its `max-age` (RFC 9111 section 5.2.2.1) less its `Age` (section
/// 5.1), or `otherwise`; from a minute to a day. An answer that must not be stored or used again is fresh for the
/// shortest time that there is.
pub fn lifetime(headers: &HeaderMap, otherwise: Duration) -> Duration {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    let directives = lines.flat_map(|line| line.split(',')).map(str::trim);
    // RFC 9111 section 4.2.1: of several, the one that makes it stale soonest.
    let said = directives.filter_map(freshness_of).min();
    let spent = headers.get(AGE).and_then(|age| seconds(age.to_str().ok()?)).unwrap_or_default();
    said.map_or(otherwise, |said| said.saturating_sub(spent)).clamp(SHORTEST, LONGEST)
}

fn freshness_of(directive: &str) -> Option<Duration> {
    let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
    match name.to_ascii_lowercase().as_str() {
        "no-store" | "no-cache" => Some(Duration::ZERO),
        // RFC 9111 section 5.2: a recipient ought to take the value in quotation marks too.
        "max-age" => seconds(value.trim_matches('"')),
        _ => None,
    }
}

/// RFC 9111 section 1.2.2: digits; what is too large to be counted is as long as can be.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::HeaderName;

    use super::*;

    fn fresh(lines: &[(HeaderName, &'static str)]) -> u64 {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        lifetime(&headers, Duration::from_secs(900)).as_secs()
    }

    #[test]
    fn the_sender_decides_within_bounds() {
        for (value, seconds) in [
            ("max-age=300", 300),
            ("public, max-age=19204, must-revalidate, no-transform", 19_204),
            ("Max-Age=\"300\"", 300),
            ("max-age=1", 60),
            ("max-age=99999999999999999999", 86_400),
            ("no-store", 60),
            ("no-cache, max-age=3600", 60),
            ("max-age=3600, max-age=300", 300),
            ("max-age=-1", 900),
            ("max-age", 900),
            ("s-maxage=5", 900),
            ("private", 900),
        ] {
            assert_eq!(fresh(&[(CACHE_CONTROL, value)]), seconds, "{value}");
        }
        assert_eq!(fresh(&[]), 900);
    }

    #[test]
    fn what_was_kept_on_the_way_is_that_much_older() {
        assert_eq!(fresh(&[(CACHE_CONTROL, "max-age=600"), (AGE, "200")]), 400);
        assert_eq!(fresh(&[(CACHE_CONTROL, "max-age=600"), (AGE, "700")]), 60);
        assert_eq!(fresh(&[(CACHE_CONTROL, "max-age=600"), (AGE, "soon")]), 600);
        assert_eq!(fresh(&[(AGE, "200")]), 900);
        assert_eq!(fresh(&[(CACHE_CONTROL, "public"), (CACHE_CONTROL, "max-age=120")]), 120);
    }
}
