//! The trace a request belongs to: W3C Trace Context, level 2 (section numbers are the recommendation's).

use bytes::{BufMut, BytesMut};
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

pub use super::trace_state::TRACESTATE;
use super::trace_state::passed_on;

/// `traceparent` (3.2).
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// 3.2.2.5.1: the caller may have recorded the request.
pub const SAMPLED: u8 = 1;
/// 3.2.2.5.2: at least the last seven bytes of the trace id are random.
pub const RANDOM: u8 = 1 << 1;

/// 3.2.2: `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
const LENGTH: usize = 55;

/// The trace a request belongs to, with this gateway as the parent of what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: [u8; 16],
    /// This gateway's part in it, the parent of the upstream's.
    pub parent_id: [u8; 8],
    /// The part of the one who called, if the trace was continued.
    pub caller_id: Option<[u8; 8]>,
    /// [`SAMPLED`] and [`RANDOM`]; all other bits are zero.
    pub flags: u8,
    /// Whether a `traceparent` came that could not be taken, so that a new trace was begun.
    pub restarted: bool,
    state: Option<HeaderValue>,
}

/// What `traceparent` says.
struct Parent {
    trace_id: [u8; 16],
    parent_id: [u8; 8],
    flags: u8,
}

/// The trace that the request says it belongs to, or a new one. `random` is asked once, for 8 bytes or 24.
pub fn continue_or_start(headers: &HeaderMap, random: &mut dyn FnMut(&mut [u8])) -> TraceContext {
    let mut lines = headers.get_all(TRACEPARENT).iter();
    let came = lines.next();
    // 3.2: a single value. Of two, neither is more to be believed.
    let parent = match (came, lines.next()) {
        (Some(line), None) => parse(line.as_bytes()),
        _ => None,
    };
    match parent {
        Some(parent) => {
            let mut id = [0; 8];
            random(&mut id);
            TraceContext {
                trace_id: parent.trace_id,
                parent_id: nonzero(id),
                caller_id: Some(parent.parent_id),
                flags: parent.flags,
                restarted: false,
                state: passed_on(headers),
            }
        }
        // 3.3: where `traceparent` cannot be parsed, `tracestate` must not be.
        None => start(came.is_some(), random),
    }
}

fn start(restarted: bool, random: &mut dyn FnMut(&mut [u8])) -> TraceContext {
    let mut bytes = [0; 24];
    random(&mut bytes);
    let mut trace_id = [0; 16];
    let mut parent_id = [0; 8];
    trace_id.copy_from_slice(&bytes[..16]);
    parent_id.copy_from_slice(&bytes[16..]);
    TraceContext {
        trace_id: nonzero(trace_id),
        parent_id: nonzero(parent_id),
        caller_id: None,
        // 3.2.2.5.1: 0 by default, where whether to record is left to others. 3.2.2.5.2: all of the id is random.
        flags: RANDOM,
        restarted,
        state: None,
    }
}

/// 3.2.2.3 and 3.2.2.4: an id of zeroes is invalid, so chance must not make one.
fn nonzero<const N: usize>(mut id: [u8; N]) -> [u8; N] {
    if id == [0; N] {
        id[N - 1] = 1;
    }
    id
}

/// 3.2.2, and for versions to come 3.2.4.
fn parse(text: &[u8]) -> Option<Parent> {
    let (known, more) = text.split_at_checked(LENGTH)?;
    let version = hex::<1>(&known[..2])?[0];
    // 3.2.4: a version to come may say more, after a dash. 3.2.2.1: `ff` is none.
    let ends_well = match version {
        0 => more.is_empty(),
        0xFF => false,
        _ => more.is_empty() || more.starts_with(b"-"),
    };
    if !ends_well || [known[2], known[35], known[52]] != *b"---" {
        return None;
    }
    let trace_id = hex(&known[3..35]).filter(|id| *id != [0; 16])?;
    let parent_id = hex(&known[36..52]).filter(|id| *id != [0; 8])?;
    // 3.2.2.5.3: flags unknown to this version are passed on as zero; whatever came, version 00 is what is written.
    let flags = hex::<1>(&known[53..55])?[0] & (SAMPLED | RANDOM);
    Some(Parent { trace_id, parent_id, flags })
}

/// 3.2.2: `HEXDIGLC`, lower-case digits only.
fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    let (pairs, _) = text.as_chunks::<2>();
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

/// Appends the bytes as lower-case digits.
pub(super) fn push_hex(out: &mut BytesMut, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.put_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

// === impl TraceContext ===

impl TraceContext {
    /// Writes `traceparent` and `tracestate` for the upstream, in place of what came.
    pub fn write(&self, headers: &mut HeaderMap) {
        let mut text = BytesMut::with_capacity(LENGTH);
        // 3.2.4: whatever version came, the highest that is known here is written.
        text.put_slice(b"00-");
        push_hex(&mut text, &self.trace_id);
        text.put_u8(b'-');
        push_hex(&mut text, &self.parent_id);
        text.put_u8(b'-');
        push_hex(&mut text, &[self.flags]);
        // Digits and dashes are always a value.
        if let Ok(value) = HeaderValue::from_maybe_shared(text.freeze()) {
            headers.insert(TRACEPARENT, value);
        }
        match &self.state {
            Some(state) => headers.insert(TRACESTATE, state.clone()),
            // "Restart trace" (3.4): a trace that is begun anew does not keep the state of the old one.
            None => headers.remove(TRACESTATE),
        };
    }

    /// What is passed on as `tracestate`.
    pub fn state(&self) -> Option<&HeaderValue> {
        self.state.as_ref()
    }

    /// Whether the caller may have recorded the request.
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The trace id as 32 lower-case digits.
    pub fn trace_id_text(&self) -> String {
        let mut text = BytesMut::with_capacity(32);
        push_hex(&mut text, &self.trace_id);
        text.iter().copied().map(char::from).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn run(lines: &[(&'static str, &str)]) -> (TraceContext, usize) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let mut asked = 0;
        let context = continue_or_start(&headers, &mut |bytes| {
            assert_eq!(asked, 0, "asked twice");
            asked = bytes.len();
            bytes.fill(0xAB);
        });
        (context, asked)
    }

    fn written(lines: &[(&'static str, &str)]) -> (String, Option<String>) {
        let mut headers = HeaderMap::new();
        headers.append(TRACEPARENT, HeaderValue::from_static("old"));
        headers.append(TRACESTATE, HeaderValue::from_static("old=1"));
        headers.append(TRACESTATE, HeaderValue::from_static("old=2"));
        run(lines).0.write(&mut headers);
        assert!(headers.get_all(TRACESTATE).iter().count() < 2);
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap().to_owned());
        (text(TRACEPARENT).unwrap(), text(TRACESTATE))
    }

    #[test]
    fn bad_state_leaves_the_trace() {
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let (context, _) = run(&[("traceparent", &parent), ("tracestate", "bad")]);
        assert_eq!(context.caller_id, Some([0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]));
        assert_eq!(context.state(), None);
        let (_, state) = written(&[("traceparent", &parent), ("tracestate", "a=1"), ("tracestate", "b=2")]);
        assert_eq!(state.as_deref(), Some("a=1,b=2"));
    }

    #[test]
    fn starts() {
        let (context, asked) = run(&[("tracestate", "rojo=1")]);
        assert_eq!((asked, context.restarted, context.caller_id), (24, false, None));
        let parent = format!("00-{}-{}-02", "ab".repeat(16), "ab".repeat(8));
        assert_eq!(written(&[("tracestate", "rojo=1")]), (parent, None));
        assert_eq!(context.trace_id_text(), "ab".repeat(16));
    }

    #[test]
    fn chance_makes_no_invalid_id() {
        let context = continue_or_start(&HeaderMap::new(), &mut |bytes| bytes.fill(0));
        assert_eq!((context.trace_id[15], context.parent_id[7]), (1, 1));
    }

    #[test]
    fn continues() {
        for (version, flags, more, expected) in [
            ("00", "01", "", "01"),
            ("00", "00", "", "00"),
            ("00", "03", "", "03"),
            ("00", "ff", "", "03"),
            ("01", "01", "", "01"),
            ("cc", "09", "-what-the-future-will-be-like", "01"),
            ("cc", "01", "-", "01"),
            ("fe", "02", "-.x", "02"),
        ] {
            let parent = format!("{version}-{TRACE}-00f067aa0ba902b7-{flags}{more}");
            let (context, asked) = run(&[("traceparent", &parent)]);
            assert_eq!((asked, context.restarted), (8, false), "{parent}");
            assert_eq!(context.is_sampled(), flags != "00" && flags != "02", "{parent}");
            let expected = format!("00-{TRACE}-abababababababab-{expected}");
            assert_eq!(written(&[("traceparent", &parent)]), (expected, None), "{parent}");
        }
    }

    #[test]
    fn restarts() {
        // After the working group's own test suite.
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        for bad in [
            "",
            "00",
            &good[..54],
            &format!("{good}-"),
            &format!("{good}."),
            &format!("{good}-what"),
            &format!("cc{}.what", &good[2..]),
            &format!("cc{}0", &good[2..]),
            &format!("ff{}", &good[2..]),
            &format!(".0{}", &good[2..]),
            &format!("0{}", &good[1..].replacen('0', "F", 1)),
            &good.to_ascii_uppercase(),
            &good.replace("4bf9", "4bF9"),
            &good.replace("4bf9", "4b.9"),
            &good.replace("00f0", "00F0"),
            &good.replace("00f0", "00g0"),
            &good.replace(TRACE, &"0".repeat(32)),
            &good.replace("00f067aa0ba902b7", "0000000000000000"),
            &good.replace("-01", "-0A"),
            &good.replace("-01", "-.0"),
            &good.replace('-', "_"),
            &good.replace("-00f0", "0-0f0"),
            &format!(" {good}"),
        ] {
            let (context, asked) = run(&[("traceparent", bad), ("tracestate", "rojo=1")]);
            assert_eq!((context.restarted, asked, context.state()), (true, 24, None), "{bad:?}");
        }
        let (context, _) = run(&[("traceparent", &good), ("traceparent", &good)]);
        assert!(context.restarted);
    }
}
