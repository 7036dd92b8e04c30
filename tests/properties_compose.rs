//! Laws of the order in which steps are asked: whatever the graph, and whatever comes of them.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use tollgate::compose::schedule::{End, Schedule};

/// A graph without cycles: a step needs, and is stood in for by, steps of lower numbers only.
#[derive(Debug, Clone)]
struct Graph {
    needs: Vec<Vec<usize>>,
    spare_of: Vec<Option<usize>>,
}

impl Graph {
    fn spares(&self) -> Vec<bool> {
        (0..self.needs.len()).map(|at| self.spare_of.contains(&Some(at))).collect()
    }
}

fn graph() -> impl Strategy<Value = Graph> {
    let step =
        (prop::collection::vec(any::<prop::sample::Index>(), 0..4), any::<Option<prop::sample::Index>>());
    prop::collection::vec(step, 1..24).prop_map(|steps| {
        let spare_of: Vec<_> = steps
            .iter()
            .enumerate()
            .map(|(at, (_, spare))| {
                spare.as_ref().filter(|_| at > 0 && at % 3 == 0).map(|spare| spare.index(at))
            })
            .collect();
        let needs = steps.iter().enumerate().map(|(at, (needs, _))| {
            let lower = needs.iter().filter(|_| at > 0).map(|need| need.index(at));
            // Nobody needs a step that only stands in for another.
            let mut lower: Vec<_> = lower.filter(|need| !spare_of.contains(&Some(*need))).collect();
            lower.sort_unstable();
            lower.dedup();
            lower
        });
        let needs = needs.collect();
        Graph { needs, spare_of }
    })
}

/// What comes of a step that was asked: by its number and chance.
fn end(chance: u8) -> End {
    match chance % 3 {
        0 => End::Answered,
        1 => End::Failed,
        _ => End::Skipped,
    }
}

/// A step has come to something; those that waited for it to stand in for them have, too.
fn ended(schedule: &mut Schedule<'_>, step: usize, how: End) {
    let leaning = schedule.end(step, how);
    for other in leaning {
        let how = if how == End::Answered { End::Answered } else { End::Failed };
        ended(schedule, other, how);
    }
}

proptest! {
    #[test]
    fn every_step_is_asked_once_at_most_and_after_what_it_needs(
        graph in graph(),
        chances in prop::collection::vec(any::<u8>(), 24),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 64),
        at_once in 1_usize..6,
    ) {
        let spares = graph.spares();
        let steps = graph.needs.iter().map(|needs| &needs[..]).zip(spares.iter().copied());
        let mut schedule = Schedule::new(steps);
        let (mut under_way, mut asked) = (Vec::new(), vec![0; graph.needs.len()]);
        let mut picks = picks.iter().cycle();
        loop {
            while under_way.len() < at_once && let Some(step) = schedule.start() {
                asked[step] += 1;
                prop_assert_eq!(asked[step], 1, "step {} is asked again", step);
                for need in &graph.needs[step] {
                    prop_assert!(schedule.came(*need).is_some(), "{} before {}", step, need);
                }
                under_way.push(step);
            }
            if under_way.is_empty() {
                break;
            }
            let step = under_way.swap_remove(picks.next().unwrap().index(under_way.len()));
            let how = end(chances[step]);
            match (how, graph.spare_of[step]) {
                (End::Failed, Some(spare)) => match schedule.lean(step, spare) {
                    None => {}
                    Some(End::Answered) => ended(&mut schedule, step, End::Answered),
                    Some(_) => ended(&mut schedule, step, End::Failed),
                },
                _ => ended(&mut schedule, step, how),
            }
        }
        prop_assert!(schedule.is_over(), "{:?}", schedule);
        for (step, spare) in spares.iter().enumerate() {
            if !spare {
                prop_assert!(schedule.came(step).is_some(), "nothing came of {}", step);
                prop_assert_eq!(asked[step], 1);
            }
        }
    }
}
