//! What a client says of codings (RFC 9110 section 12.5.3).

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use super::Coding;

/// A coding as requests and answers name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// None.
    Identity,
    /// `gzip`, also as `x-gzip`.
    Gzip,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
    /// `deflate`.
    Deflate,
    /// Any other, or several.
    Other,
}

/// What a request says of codings: weights from 0 to 1000 (RFC 9110 section 12.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wishes {
    /// By [`Named`]; of those in [`Named::Other`] the greatest.
    named: [Option<u16>; 6],
    /// That of `*`: all that are not named.
    rest: Option<u16>,
}

/// How many codings of a request are looked at: several times as many as there are registered ones.
pub(crate) const MOST: usize = 32;

/// A coding without a weight has the greatest.
const FULL: u16 = 1_000;

/// Which of `offered`, of which the first is preferred, a client with the fields `headers` is given; `None` for no coding.
///
/// A client that says nothing of codings may be sent any (RFC 9110 section 12.5.3), but need not understand it: it is sent
/// none. One that refuses `identity` and takes none of `offered` is sent none too, as the section has it.
pub fn negotiate(headers: &HeaderMap, offered: &[Coding]) -> Option<Coding> {
    let wishes = Wishes::of(headers)?;
    let liked = offered.iter().enumerate().filter_map(|(place, coding)| {
        let weight = wishes.weight((*coding).into())?;
        Some((weight, std::cmp::Reverse(place), *coding))
    });
    let (weight, _, coding) = liked.max_by_key(|(weight, place, _)| (*weight, *place))?;
    // Who likes content as it is better than coded says so.
    (wishes.weight(Named::Identity).is_none_or(|plain| plain <= weight)).then_some(coding)
}

// === impl Named ===

impl Named {
    /// RFC 9110 section 8.4.1: names in any case; `x-gzip` is `gzip`.
    pub fn of_name(name: &[u8]) -> Self {
        match Coding::of_name(name) {
            Some(coding) => coding.into(),
            None if name.eq_ignore_ascii_case(b"identity") => Self::Identity,
            None => Self::Other,
        }
    }
}

impl From<Coding> for Named {
    fn from(coding: Coding) -> Self {
        match coding {
            Coding::Gzip => Self::Gzip,
            Coding::Deflate => Self::Deflate,
            Coding::Brotli => Self::Brotli,
            Coding::Zstd => Self::Zstd,
        }
    }
}

// === impl Wishes ===

impl Wishes {
    /// `None` where the request has no such field.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(ACCEPT_ENCODING).iter().peekable();
        values.peek()?;
        let mut wishes = Self::default();
        let members = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        for member in members.map(<[u8]>::trim_ascii).filter(|member| !member.is_empty()).take(MOST) {
            let mut parts = member.splitn(2, |byte| *byte == b';');
            let name = parts.next().unwrap_or_default().trim_ascii_end();
            // What says nothing that can be understood of its weight is not there.
            let Some(weight) = parts.next().map_or(Some(FULL), weight) else { continue };
            let place = match name {
                b"*" => &mut wishes.rest,
                name => &mut wishes.named[Named::of_name(name) as usize],
            };
            *place = Some(place.map_or(weight, |known| known.max(weight)));
        }
        Some(wishes)
    }

    /// Whether it takes any coding.
    pub fn offers(&self) -> bool {
        let coded = self.named[1..].iter().chain([&self.rest]);
        coded.flatten().any(|weight| *weight > 0)
    }

    /// How much a coding is liked; `None` where it is not taken.
    pub fn weight(&self, coding: Named) -> Option<u16> {
        let said = self.named[coding as usize].or(self.rest);
        match (coding, said) {
            (_, Some(0)) => None,
            (_, Some(weight)) => Some(weight),
            // RFC 9110 section 12.5.3: no coding is acceptable unless it is said that it is not; anything said is liked better.
            (Named::Identity, None) => Some(0),
            (_, None) => None,
        }
    }
}

/// `q=0.123` in thousandths (RFC 9110 section 12.4.2).
fn weight(parameter: &[u8]) -> Option<u16> {
    let (name, value) = parameter.trim_ascii().split_at_checked(2)?;
    if !name.eq_ignore_ascii_case(b"q=") {
        return None;
    }
    let (whole, rest) = value.split_first()?;
    let decimals = match rest {
        [] => &[][..],
        [b'.', decimals @ ..] if decimals.len() <= 3 => decimals,
        _ => return None,
    };
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = *decimals.get(place).unwrap_or(&b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        thousandths = thousandths * 10 + u16::from(digit - b'0');
    }
    match whole {
        b'0' => Some(thousandths),
        b'1' if thousandths == 0 => Some(FULL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn given(accepted: Option<&str>) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        if let Some(accepted) = accepted {
            headers.insert(ACCEPT_ENCODING, HeaderValue::try_from(accepted).unwrap());
        }
        negotiate(&headers, &[Coding::Brotli, Coding::Zstd, Coding::Gzip])
    }

    #[test]
    fn what_both_like_best() {
        use Coding::{Brotli, Gzip, Zstd};
        for (accepted, coding) in [
            (None, None),
            (Some(""), None),
            (Some("identity"), None),
            (Some("compress"), None),
            (Some("deflate"), None),
            (Some("gzip"), Some(Gzip)),
            (Some("GZIP;Q=0.1"), Some(Gzip)),
            (Some("x-gzip"), Some(Gzip)),
            (Some("gzip, deflate, br, zstd"), Some(Brotli)),
            (Some("gzip, zstd"), Some(Zstd)),
            (Some("gzip, br;q=0.9"), Some(Gzip)),
            (Some("gzip;q=0"), None),
            (Some("gzip;q=0, *;q=0.5"), Some(Brotli)),
            (Some("*"), Some(Brotli)),
            (Some("*;q=0"), None),
            (Some("br;q=0, *"), Some(Zstd)),
            (Some("gzip;q=0.5, identity"), None),
            (Some("gzip;q=0.5, identity;q=0.5"), Some(Gzip)),
            (Some("identity;q=0, gzip"), Some(Gzip)),
            (Some("identity;q=0"), None),
            (Some("gzip;q=2"), None),
        ] {
            assert_eq!(given(accepted), coding, "{accepted:?}");
        }
    }
}
