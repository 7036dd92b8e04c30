//! Which steps wait for which, and that none waits for itself.

use std::collections::BTreeSet;

use super::super::compile::{Context, Pointer};
use super::step::Reads;
use crate::compose::{Fallback, Place, Step};
use crate::config;

/// A step, with what its expressions read.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) step: Step,
    pub(super) reads: Reads,
}

/// Why one step waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Needs,
    FallsBack,
}

/// The steps that each waits for.
type Edges = Vec<Vec<(usize, Edge)>>;

impl Context<'_> {
    /// The steps, with what they need.
    pub(super) fn step_graph(
        &mut self,
        at: &Pointer,
        written: &config::Compose,
        drafts: Vec<Draft>,
    ) -> Option<Box<[Step]>> {
        let known = self.diagnostics.len();
        let names: Vec<_> = written.steps.iter().map(|step| &*step.name).collect();
        let index = |name: &str| names.iter().position(|known| *known == name);
        let spares: BTreeSet<usize> = drafts.iter().filter_map(|draft| spare_of(&draft.step)).collect();
        let mut edges: Edges = Vec::new();
        let mut read = BTreeSet::new();
        for (number, draft) in drafts.iter().enumerate() {
            let reads: BTreeSet<_> = draft.reads.steps.iter().filter_map(|name| index(name)).collect();
            read.extend(reads.iter().copied());
            let at_needs = at.index(number).key("needs");
            let mut needs = reads.clone();
            for (name, at) in written.steps[number].needs.iter().zip(at_needs.indices()) {
                let Some(found) = self.step_named(&at, name, &names) else { continue };
                if reads.contains(&found) {
                    let message =
                        format!("\"{}\" waits for \"{name}\" anyway: its expressions read it", names[number]);
                    self.error(&at, message).help("remove it");
                }
                needs.insert(found);
            }
            for spare in needs.iter().filter(|need| spares.contains(need)) {
                let message = format!("\"{}\" is asked only where another step fails", names[*spare]);
                self.error(&at.index(number), message)
                    .help("read the step that it stands in for: it has its answer then");
            }
            let leans = spare_of(&draft.step).map(|spare| (spare, Edge::FallsBack));
            edges.push(needs.into_iter().map(|need| (need, Edge::Needs)).chain(leans).collect());
        }
        for spare in &spares {
            self.spare(&at.index(*spare), &written.steps[*spare]);
        }
        if let Some(cycle) = cycle(&edges) {
            let told = told(&cycle, &names);
            let first = at.index(cycle[0].0);
            self.error(&first, format!("steps wait for each other: {told}"))
                .help("each step can only use what was there before it");
        }
        if self.diagnostics.len() != known {
            return None;
        }
        let finished = drafts.into_iter().zip(edges).enumerate().map(|(number, (draft, edges))| {
            let needs = edges.into_iter().filter(|(_, edge)| *edge == Edge::Needs).map(|(need, _)| need);
            let spare = spares.contains(&number);
            let place = if spare { Place::Hidden } else { draft.step.place };
            Step { needs: needs.collect(), is_read: read.contains(&number), spare, place, ..draft.step }
        });
        Some(finished.collect())
    }

    /// What a step that stands in for another cannot have.
    fn spare(&mut self, at: &Pointer, written: &config::Step) {
        let keys = [
            ("into", written.into.is_some()),
            ("hidden", written.hidden.is_some()),
            ("required", written.required.is_some()),
            ("each", written.each.is_some()),
        ];
        for (key, _) in keys.into_iter().filter(|(_, is_written)| *is_written) {
            self.error(
                &at.key(key),
                format!("\"{}\" stands in for another step, whose {key} holds", written.name),
            )
            .help("remove it");
        }
    }
}

fn spare_of(step: &Step) -> Option<usize> {
    match step.fallback {
        Some(Fallback::Step(spare)) => Some(spare),
        _ => None,
    }
}

/// The first way that comes back to where it began, with why each waits for the next.
fn cycle(edges: &Edges) -> Option<Vec<(usize, Edge)>> {
    /// Whether everything behind a step has been looked at.
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Under,
        Done,
    }
    fn walk(at: usize, edges: &Edges, seen: &mut [Seen], way: &mut Vec<(usize, Edge)>) -> bool {
        seen[at] = Seen::Under;
        for (next, edge) in &edges[at] {
            way.push((at, *edge));
            match seen[*next] {
                Seen::Under => {
                    let begin = way.iter().position(|(step, _)| step == next).unwrap_or(0);
                    way.drain(..begin);
                    return true;
                }
                Seen::No => {
                    if walk(*next, edges, seen, way) {
                        return true;
                    }
                }
                Seen::Done => {}
            }
            way.pop();
        }
        seen[at] = Seen::Done;
        false
    }
    let mut seen = vec![Seen::No; edges.len()];
    let mut way = Vec::new();
    let found = (0..edges.len()).any(|at| seen[at] == Seen::No && walk(at, edges, &mut seen, &mut way));
    found.then_some(way)
}

/// `"a" needs "b", "b" needs "a"`
fn told(cycle: &[(usize, Edge)], names: &[&str]) -> String {
    let next = cycle.iter().skip(1).chain(cycle.first());
    let one = |((step, edge), (next, _)): (&(usize, Edge), &(usize, Edge))| {
        let verb = match edge {
            Edge::Needs => "needs",
            Edge::FallsBack => "falls back to",
        };
        let next = if step == next { "itself".to_owned() } else { format!("\"{}\"", names[*next]) };
        format!("\"{}\" {verb} {next}", names[*step])
    };
    cycle.iter().zip(next).map(one).collect::<Vec<_>>().join(", ")
}
