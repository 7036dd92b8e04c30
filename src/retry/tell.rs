//! Telling an upstream how long the gateway will wait.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use super::TellDeadline;
use crate::deadline::Deadline;
use crate::host::Tick;

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The greatest number that `grpc-timeout` can have: eight digits
/// (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>, Timeout).
const MOST_GRPC: u128 = 99_999_999;

/// Writes into `headers` how long it is from `now` until `deadline`; nothing where there is none.
pub fn deadline(tell: &TellDeadline, headers: &mut HeaderMap, deadline: Deadline, now: Tick) {
    if deadline == Deadline::never() {
        return;
    }
    let left = deadline.tick() - now;
    if let Some(name) = &tell.header {
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        headers.insert(name, HeaderValue::from(millis));
    }
    if tell.grpc && is_grpc(headers) {
        let own = headers.get(GRPC_TIMEOUT).and_then(|value| grpc_span(value.as_bytes()));
        if own.is_none_or(|own| left < own) {
            headers.insert(GRPC_TIMEOUT, grpc_text(left));
        }
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    value
        .strip_prefix(b"application/grpc")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// What `grpc-timeout` says; `None` for what is no such value.
fn grpc_span(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let count: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(match unit {
        b'H' => Duration::from_secs(count * 3_600),
        b'M' => Duration::from_secs(count * 60),
        b'S' => Duration::from_secs(count),
        b'm' => Duration::from_millis(count),
        b'u' => Duration::from_micros(count),
        b'n' => Duration::from_nanos(count),
        _ => return None,
    })
}

/// In the finest unit that has room for it.
fn grpc_text(span: Duration) -> HeaderValue {
    let units = [
        (span.as_nanos(), 'n'),
        (span.as_micros(), 'u'),
        (span.as_millis(), 'm'),
        (span.as_secs().into(), 'S'),
    ];
    let fits = units.iter().find(|(count, _)| *count <= MOST_GRPC);
    let (count, unit) = fits.copied().unwrap_or((MOST_GRPC, 'S'));
    HeaderValue::try_from(format!("{count}{unit}")).unwrap_or(HeaderValue::from_static("99999999S"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn told(tell: &TellDeadline, fields: &[(&'static str, &'static str)], left: Duration) -> HeaderMap {
        let mut headers: HeaderMap = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let now = Tick(7);
        deadline(tell, &mut headers, Deadline::after(now, Some(left)), now);
        headers
    }

    #[test]
    fn a_field_of_choice() {
        let tell = TellDeadline { header: Some(HeaderName::from_static("x-left")), grpc: false };
        assert_eq!(told(&tell, &[("x-left", "9")], Duration::from_millis(1_500))["x-left"], "1500");
        let mut headers = HeaderMap::new();
        deadline(&tell, &mut headers, Deadline::never(), Tick(0));
        assert!(headers.is_empty());
    }

    #[test]
    fn calls_of_grpc() {
        let tell = TellDeadline { header: None, grpc: true };
        let grpc = ("content-type", "application/grpc+proto");
        let timeout = |fields: &[_], left| told(&tell, fields, left).get(GRPC_TIMEOUT).cloned();
        assert_eq!(timeout(&[grpc], Duration::from_millis(50)).unwrap(), "50000000n");
        assert_eq!(timeout(&[grpc], Duration::from_secs(1)).unwrap(), "1000000u");
        assert_eq!(timeout(&[grpc], Duration::from_secs(86_400)).unwrap(), "86400000m");
        assert_eq!(timeout(&[grpc, ("grpc-timeout", "2S")], Duration::from_secs(5)).unwrap(), "2S");
        assert_eq!(timeout(&[grpc, ("grpc-timeout", "9S")], Duration::from_secs(5)).unwrap(), "5000000u");
        assert_eq!(timeout(&[grpc, ("grpc-timeout", "soon")], Duration::from_secs(5)).unwrap(), "5000000u");
        assert_eq!(timeout(&[("content-type", "application/grpcish")], Duration::from_secs(5)), None);
    }
}
