//! Whether something stale is better than an error (RFC 9111 section 4.2.4, RFC 5861 section 4).

use http::StatusCode;

use super::Asked;
use crate::cache::life::Life;
use crate::host::UnixMillis;

/// Whether a stale answer may be given because the upstream could not be asked (`None`) or answered `status`
/// (RFC 9111 section 4.2.4, RFC 5861 section 4).
pub fn rescues(life: &Life, asked: &Asked, status: Option<StatusCode>, now: UnixMillis) -> bool {
    // RFC 5861 section 4: what counts as an error.
    let failed = status.is_none_or(|status| matches!(status.as_u16(), 500 | 502 | 503 | 504));
    // RFC 9111 section 4.2.4: neither the answer nor the client forbids it. `max-age` and the like do not (RFC 5861 section
    // 4: "regardless of other freshness information").
    let forbidden = life.never_stale || life.always_validate || asked.no_cache;
    // Either says so; each for what it is about.
    let window = life.if_error.max(asked.stale_if_error.unwrap_or_default());
    failed && !forbidden && life.staleness_at(now) < window
}
