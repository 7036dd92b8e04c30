//! What is passed on of `tracestate` (W3C Trace Context, level 2, 3.3; the parts of that section are cited by name).

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

/// `tracestate` (3.3).
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// "list": there are 32 members at most.
const MOST_MEMBERS: usize = 32;
/// "tracestate Limits": at least this much should be passed on; more is cut.
const MOST_STATE: usize = 512;
/// "tracestate Limits": members longer than this go first.
const LONG_MEMBER: usize = 128;
/// What is passed on of `tracestate`: the line as it came if it is one, valid and not too long; several lines as one;
/// nothing if a member is invalid.
pub(super) fn passed_on(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = headers.get_all(TRACESTATE).iter();
    let first = lines.next()?;
    // "tracestate Header Field Values": lines are combined before the rules are applied.
    let joined = lines.next().map(|second| {
        let mut joined = Vec::with_capacity(first.len() + second.len() + 1);
        joined.extend_from_slice(first.as_bytes());
        for line in std::iter::once(second).chain(lines) {
            joined.push(b',');
            joined.extend_from_slice(line.as_bytes());
        }
        joined
    });
    let text = joined.as_deref().unwrap_or(first.as_bytes());
    if !is_valid_state(text)? {
        return None;
    }
    if text.len() > MOST_STATE {
        return cut(text);
    }
    match joined {
        Some(joined) => HeaderValue::from_maybe_shared(Bytes::from(joined)).ok(),
        None => Some(first.clone()),
    }
}

/// The members of a list that are not empty (empty ones are allowed), without the white space around them.
/// "Value": spaces after `=` belong to the value, those at the end do not.
fn members(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

/// Whether the list has members; nothing if it is invalid: a member that is none, more than 32, or a key twice
/// ("Combined Header Value": only one entry per key is allowed).
fn is_valid_state(text: &[u8]) -> Option<bool> {
    let mut keys: [&[u8]; MOST_MEMBERS] = [&[]; MOST_MEMBERS];
    let mut count = 0;
    for member in members(text) {
        let equals = member.iter().position(|byte| *byte == b'=')?;
        let (key, value) = (&member[..equals], &member[equals + 1..]);
        if !is_key(key) || !is_value(value) || keys[..count].contains(&key) {
            return None;
        }
        *keys.get_mut(count)? = key;
        count += 1;
    }
    Some(count > 0)
}

/// "Key": `key = ( lcalpha / DIGIT ) 0*255( keychar )`.
fn is_key(key: &[u8]) -> bool {
    let starts = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    matches!(key.len(), 1..=256)
        && starts(key[0])
        && key.iter().all(|byte| starts(*byte) || b"_-*/@".contains(byte))
}

/// "Value": `value = 0*255( chr ) nblk-chr`, printable ASCII but `,` and `=`; not a space at the end, which is
/// trimmed before.
fn is_value(value: &[u8]) -> bool {
    matches!(value.len(), 1..=256) && value.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'=')
}

/// "tracestate Limits": whole members go, first those longer than 128 characters, then those at the end.
fn cut(text: &[u8]) -> Option<HeaderValue> {
    let mut excess =
        members(text).map(|member| member.len() + 1).sum::<usize>().saturating_sub(1 + MOST_STATE);
    // Which long members go: from the end, and no more than needed.
    let mut gone = [false; MOST_MEMBERS];
    let mut lengths = [0; MOST_MEMBERS];
    let mut count = 0;
    for (length, member) in lengths.iter_mut().zip(members(text)) {
        *length = member.len();
        count += 1;
    }
    for least in [LONG_MEMBER + 1, 0] {
        for at in (0..count).rev() {
            if excess > 0 && !gone[at] && lengths[at] >= least {
                gone[at] = true;
                excess = excess.saturating_sub(lengths[at] + 1);
            }
        }
    }
    let mut kept = Vec::with_capacity(MOST_STATE);
    for (member, _) in members(text).zip(gone).filter(|(_, gone)| !gone) {
        if !kept.is_empty() {
            kept.push(b',');
        }
        kept.extend_from_slice(member);
    }
    if kept.is_empty() { None } else { HeaderValue::from_maybe_shared(Bytes::from(kept)).ok() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn state_of(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(TRACESTATE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        passed_on(&headers).map(|state| state.to_str().unwrap().to_owned())
    }

    #[test]
    fn valid_state_is_passed_on_as_it_is() {
        for line in [
            "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
            "foo=1 , \t bar=2, , ,\t,0=x",
            "foo=  leading,bar=inner space",
            "a_-*/@0=~!",
            "fw529a3039@dt=FfAAAA,tenant@system@more=1",
        ] {
            assert_eq!(state_of(&[line]).as_deref(), Some(line));
        }
        let most: Vec<_> = (0..32).map(|at| format!("k{at}=1")).collect();
        assert_eq!(state_of(&[&most.join(",")]), Some(most.join(",")));
        let long = format!("{}={}", "k".repeat(240), "v".repeat(256));
        assert_eq!(state_of(&[&long]), Some(long.clone()));
    }

    #[test]
    fn lines_are_joined() {
        assert_eq!(state_of(&["foo=1,bar=2", "rojo=1", "congo=2"]).unwrap(), "foo=1,bar=2,rojo=1,congo=2");
        assert_eq!(state_of(&["foo=1", "", "bar=2"]).unwrap(), "foo=1,,bar=2");
        assert_eq!(state_of(&["foo=1", "foo=2"]), None);
        assert_eq!(state_of(&["", " "]), None);
        assert_eq!(state_of(&["foo=1", "bar"]), None);
    }

    #[test]
    fn invalid_state_goes() {
        for line in [
            "",
            " , ",
            "foo",
            "foo=",
            "=1",
            "foo =1",
            "FOO=1",
            "foo.bar=1",
            "@foo=1",
            "foo=1=2",
            "foo=1;b=\t2",
            "foo=é",
            "foo=1,foo=1",
            "foo=1,bar=2,foo=3",
            "_foo=1",
            &format!("{}=1", "k".repeat(257)),
            &format!("k={}", "v".repeat(257)),
            &(0..33).map(|at| format!("k{at}=1")).collect::<Vec<_>>().join(","),
        ] {
            assert_eq!(state_of(&[line]), None, "{line:?}");
        }
    }

    #[test]
    fn long_state_is_cut_by_whole_members() {
        let long = format!("long={}", "v".repeat(200));
        let member = |at: usize| format!("k{at:02}={}", "v".repeat(96));
        let list = [member(0), long.clone(), member(1), member(2), member(3), member(4)];
        // 100 characters each: without the long one, 504 with the commas.
        assert_eq!(state_of(&[&list.join(",")]), Some([0, 1, 2, 3, 4].map(member).join(",")));
        let list: Vec<_> = (0..7).map(member).collect();
        assert_eq!(state_of(&[&list.join(",")]), Some(list[..5].join(",")));
        // Only white space is too much.
        let spaced = format!("a=1,{}b=2", " ".repeat(600));
        assert_eq!(state_of(&[&spaced]).unwrap(), "a=1,b=2");
        let both = [long.clone(), long.replace("long", "more"), long.replace("long", "most")];
        assert_eq!(state_of(&[&both.join(",")]), Some(both[..2].join(",")));
        let one = format!("{}={}", "k".repeat(256), "v".repeat(256));
        assert_eq!(state_of(&[&one]), None);
    }
}
