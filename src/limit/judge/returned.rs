//! What is told of limits that get back what they took, because another refused the request.

use super::super::{Algorithm, Ask, Judged, Limits, Outcome, Wanted};

/// Makes what is left of each limit what is left without the request.
pub(super) fn tell(limits: &Limits, wanted: &[Wanted], asks: &[Ask<'_>], judged: &mut [Judged]) {
    for judged in judged.iter_mut().filter(|judged| judged.outcome == Outcome::Admitted) {
        let Some(limit) = limits.all.get(judged.limit) else { continue };
        let Some(wanted) = wanted.iter().find(|wanted| wanted.limit == judged.limit) else { continue };
        let asked = asks.iter().find(|ask| ask.key == wanted.key || ask.key == wanted.key.locally());
        // What was in flight, and what was taken ahead, was taken without a question.
        let by_hand = matches!(limit.algorithm, Algorithm::Concurrent { .. }) || limit.lease > 1;
        let taken = asked.map_or(if by_hand { wanted.weight } else { 0 }, |ask| ask.verdict.taken);
        judged.remaining = judged.remaining.saturating_add(taken).min(limit.algorithm.most());
    }
}
