//! A decision over states that somebody else keeps: what every store has in common that keeps states as they are.

use std::borrow::Borrow;

use super::{Algorithm, Ask, State, Verdict};

/// One question of a decision, without whose permits it asks for.
#[derive(Debug, Clone)]
pub struct Question<A> {
    /// What the limit counts.
    pub algorithm: A,
    /// How many permits the request needs; 0 for a look.
    pub least: u64,
    /// How many are taken where there are so many.
    pub most: u64,
    /// Whether the limit refuses nobody.
    pub shadow: bool,
}

/// Judges `questions` together at `now`, in milliseconds since 1970, by their states, one for each and in the same order:
/// either all that are not in shadow have their permits, and the states are those afterwards, or nothing is taken and no
/// state changes. With `refused` somebody else has refused the request, and nothing is taken either. What is said of each
/// question: `taken` is not 0 exactly where the state has changed.
pub fn decide<A: Borrow<Algorithm>>(
    questions: &[Question<A>],
    states: &mut [State],
    now: u64,
    refused: bool,
) -> Vec<Verdict> {
    let take = |question: &Question<A>, state: State, least: u64, most: u64| {
        let algorithm = question.algorithm.borrow();
        algorithm.take(state, algorithm.span(now), now, least, most)
    };
    let judged: Vec<_> = questions
        .iter()
        .zip(states.iter())
        .map(|(question, state)| take(question, *state, question.least, question.most))
        .collect();
    let refused = refused
        || questions.iter().zip(&judged).any(|(question, (_, verdict))| !verdict.enough && !question.shadow);
    let mut verdicts = Vec::with_capacity(judged.len());
    for ((question, state), (after, verdict)) in questions.iter().zip(states).zip(judged) {
        verdicts.push(match (refused, verdict.taken) {
            (_, 0) => verdict,
            // There would have been enough, and what is left is what was left before.
            (true, _) => Verdict { retry: 0, ..take(question, *state, 0, 0).1 },
            (false, _) => {
                *state = after;
                verdict
            }
        });
    }
    verdicts
}

// === impl Question ===

impl<'a> From<&Ask<'a>> for Question<&'a Algorithm> {
    fn from(ask: &Ask<'a>) -> Self {
        Self { algorithm: &ask.limit.algorithm, least: ask.least, most: ask.most, shadow: ask.limit.shadow }
    }
}

impl Question<&Algorithm> {
    /// The same with an algorithm of its own, for another thread.
    pub fn into_owned(self) -> Question<Algorithm> {
        let Self { algorithm, least, most, shadow } = self;
        Question { algorithm: algorithm.clone(), least, most, shadow }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_500;

    fn question(most: u64, least: u64, shadow: bool) -> Question<Algorithm> {
        Question { algorithm: Algorithm::Fixed { most, per: 1_000 }, least, most: least, shadow }
    }

    fn used(used: u64) -> State {
        State { at: 1_000_000, used, before: 0 }
    }

    #[test]
    fn all_or_nothing() {
        let questions = [question(10, 1, false), question(2, 2, false)];
        let mut states = [State::default(), used(1)];
        let verdicts = decide(&questions, &mut states, NOW, false);
        assert_eq!(states, [State::default(), used(1)]);
        assert_eq!(verdicts.iter().map(|verdict| verdict.enough).collect::<Vec<_>>(), [true, false]);
        assert_eq!(verdicts.iter().map(|verdict| verdict.taken).sum::<u64>(), 0);
        assert_eq!(verdicts.iter().map(|verdict| verdict.remaining).collect::<Vec<_>>(), [10, 1]);
        let mut states = [State::default(), State::default()];
        let verdicts = decide(&questions, &mut states, NOW, false);
        assert_eq!(states, [used(1), used(2)]);
        assert_eq!(verdicts.iter().map(|verdict| verdict.remaining).collect::<Vec<_>>(), [9, 0]);
        let mut states = [State::default(), State::default()];
        let verdicts = decide(&questions, &mut states, NOW, true);
        assert_eq!(states, [State::default(); 2]);
        assert!(verdicts.iter().all(|verdict| verdict.enough && verdict.taken == 0));
    }

    #[test]
    fn shadow_refuses_nobody_and_takes_what_it_can() {
        let questions = [question(10, 1, false), question(2, 2, true), question(2, 2, true)];
        let mut states = [State::default(), used(1), used(0)];
        let verdicts = decide(&questions, &mut states, NOW, false);
        assert_eq!(states, [used(1), used(1), used(2)]);
        assert_eq!(verdicts.iter().map(|verdict| verdict.taken).collect::<Vec<_>>(), [1, 0, 2]);
    }
}
