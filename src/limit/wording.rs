//! Limits in words, for people.

use std::fmt;

use super::{Algorithm, KeyPart, Limit};
use crate::config::Period;
use crate::expression::Variable;

/// A span of time in milliseconds, in the largest unit that is whole: `"2m"`, as a configuration has it.
#[derive(Debug, Clone, Copy)]
pub struct Per(pub u64);

/// Why a limit counts by who calls, where it does: `its key has the consumer`.
pub fn about_the_caller(limit: &Limit) -> Option<String> {
    let asks = |reads: &[Variable]| reads.iter().copied().find(|variable| variable.is_about_the_caller());
    if let Some(part) = limit.key.iter().find(|part| part.is_about_the_caller()) {
        return Some(match part {
            KeyPart::Expression(expression) => {
                format!("its key asks for {}", asks(expression.reads()).map_or("", Variable::name))
            }
            part => format!("its key has the {part}"),
        });
    }
    if let Some(variable) = limit.when.as_ref().and_then(|when| asks(when.reads())) {
        return Some(format!("its condition asks for {}", variable.name()));
    }
    let variable = limit.weight.expression().and_then(|expression| asks(expression.reads()))?;
    Some(format!("its weight asks for {}", variable.name()))
}

// === impl Per ===

impl fmt::Display for Per {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        let whole = UNITS.iter().find(|(unit, _)| self.0 >= *unit && self.0.is_multiple_of(*unit));
        match whole {
            Some((unit, name)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}ms", self.0),
        }
    }
}

// === impl Algorithm ===

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket { permits, per, burst } => {
                write!(f, "{permits} per {}", Per(*per))?;
                if burst == permits { Ok(()) } else { write!(f, ", burst {burst}") }
            }
            Self::Fixed { most, per } => write!(f, "{most} in each {}", Per(*per)),
            Self::Sliding { most, per } => write!(f, "{most} in the last {}", Per(*per)),
            Self::Calendar { most, period, zone } => {
                write!(f, "{most} each {} ({})", name_of(*period), zone.name())
            }
            Self::Concurrent { most } => write!(f, "{most} at once"),
        }
    }
}

/// A period of the calendar in a word.
pub(super) const fn name_of(period: Period) -> &'static str {
    match period {
        Period::Hour => "hour",
        Period::Day => "day",
        Period::Week => "week",
        Period::Month => "month",
    }
}

// === impl KeyPart ===

impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consumer => f.write_str("consumer"),
            Self::Subject => f.write_str("subject"),
            Self::Credential => f.write_str("credential"),
            Self::Address { ipv4: 32, ipv6: 64 } => f.write_str("address"),
            Self::Address { ipv4, ipv6 } => write!(f, "address (/{ipv4}, IPv6 /{ipv6})"),
            Self::Route => f.write_str("route"),
            Self::Host => f.write_str("host"),
            Self::Everybody => f.write_str("everybody"),
            Self::Claim(path) => write!(f, "claim {}", path.as_str()),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Cookie(name) => write!(f, "cookie {name}"),
            Self::Expression(expression) => f.write_str(expression.source()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_in_words() {
        for (algorithm, words) in [
            (Algorithm::Bucket { permits: 10, per: 2_000, burst: 10 }, "10 per 2s"),
            (Algorithm::Bucket { permits: 1, per: 1_500, burst: 5 }, "1 per 1500ms, burst 5"),
            (Algorithm::Fixed { most: 3, per: 86_400_000 }, "3 in each 1d"),
            (Algorithm::Sliding { most: 3, per: 90_000_000 }, "3 in the last 25h"),
            (Algorithm::Concurrent { most: 2 }, "2 at once"),
        ] {
            assert_eq!(algorithm.to_string(), words);
        }
    }
}
