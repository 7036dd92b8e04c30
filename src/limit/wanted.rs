//! What a request wants of limits, and which count it.

use super::sight::Sight;
use super::{Judged, Key, Limits};
use crate::problem::{Failure, Problem};

/// What a request wants of one limit that counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The limit: its index in [`super::Limits::all`].
    pub limit: usize,
    /// Whose permits.
    pub key: Key,
    /// How many permits the request takes: at least 1, because a limit does not count a request that weighs nothing.
    pub weight: u64,
}

/// What a request wants of those among `applying` that count it; each counts it once, however often it is named, and not
/// at all where it has `judged` it before.
///
/// # Errors
///
/// The request's body counts, and its length is not announced.
pub fn wanted(
    limits: &Limits,
    applying: impl Iterator<Item = usize>,
    sight: &Sight<'_>,
    judged: &[Judged],
) -> Result<Vec<Wanted>, Failure> {
    let mut all: Vec<Wanted> = Vec::with_capacity(applying.size_hint().0);
    for index in applying {
        let Some(limit) = limits.all.get(index) else { continue };
        let known =
            all.iter().map(|it| it.limit).chain(judged.iter().map(|it| it.limit)).any(|it| it == index);
        if known || !limit.when.as_ref().is_none_or(|condition| sight.holds(condition)) {
            continue;
        }
        let weight = match limit.weight.of(sight) {
            Ok(weight) => weight,
            // It refuses nobody, for this no more than for anything else.
            Err(_) if limit.shadow => 1,
            Err(_) => {
                let detail = format!("the limit \"{}\" counts the bytes of the body", limit.name);
                return Err(Failure::from(Problem::LengthRequired).detail(detail));
            }
        };
        if weight > 0 {
            all.push(Wanted { limit: index, key: Key::of(limit, sight), weight });
        }
    }
    Ok(all)
}
