//! Who goes first, and who is refused first.

use std::sync::Arc;
use std::time::Duration;

use tollgate::admission::{Admission, Gate, LEAST_IMPORTANT, Ticket};
use tollgate::deadline::Deadline;
use tollgate::problem::Failure;
use tollgate::sim::SimHost;

use super::gate::admission;
use super::tasks::{Strict, random};

type Entering<'a> = Strict<'a, Result<Ticket, Failure>>;

/// A gate, and everybody who waits at it in the order in which they came.
struct World<'a> {
    gate: &'a Arc<Gate>,
    host: &'a SimHost,
    rules: &'a Admission,
    inside: Vec<(u8, Ticket)>,
    waiting: Vec<(u8, Entering<'a>)>,
}

impl<'a> World<'a> {
    /// Somebody comes; whether it was refused at once.
    fn come(&mut self, priority: u8) -> bool {
        let (gate, host, rules) = (self.gate, self.host, self.rules);
        let mut entering: Entering<'a> =
            Strict::new(Box::pin(async move { gate.enter(host, rules, priority, Deadline::never()).await }));
        match entering.step() {
            Some(Ok(ticket)) => self.inside.push((priority, ticket)),
            Some(Err(_)) => return true,
            None => self.waiting.push((priority, entering)),
        }
        false
    }

    /// Lets all who were called know; the priorities of those who are in now, and of those who were refused.
    fn hear(&mut self) -> (Vec<u8>, Vec<u8>) {
        let (mut admitted, mut refused) = (Vec::new(), Vec::new());
        let mut still = Vec::new();
        for (priority, mut entering) in self.waiting.drain(..) {
            match entering.step() {
                None => still.push((priority, entering)),
                Some(Err(_)) => refused.push(priority),
                Some(Ok(ticket)) => {
                    admitted.push(priority);
                    self.inside.push((priority, ticket));
                }
            }
        }
        self.waiting = still;
        (admitted, refused)
    }
}

#[test]
fn the_most_important_first_and_among_equals_who_came_first() {
    let (gate, host, rules) = (Arc::new(Gate::default()), SimHost::new(1), admission(1, 10));
    let mut world =
        World { gate: &gate, host: &host, rules: &rules, inside: Vec::new(), waiting: Vec::new() };
    for priority in [3, 7, 3, 0, 7, 0, 3] {
        assert!(!world.come(priority));
    }
    let mut order = Vec::new();
    while let Some((priority, ticket)) = world.inside.pop() {
        order.push(priority);
        drop(ticket);
        world.hear();
    }
    assert_eq!(order, [3, 0, 0, 3, 3, 7, 7]);
}

#[test]
fn whoever_is_refused_is_the_least_important_and_youngest() {
    let (gate, host, rules) = (Arc::new(Gate::default()), SimHost::new(1), admission(1, 3));
    let mut world =
        World { gate: &gate, host: &host, rules: &rules, inside: Vec::new(), waiting: Vec::new() };
    for priority in [3, 3, 7, 7] {
        assert!(!world.come(priority));
    }
    assert!(world.come(7), "nobody is less important");
    assert!(!world.come(0));
    assert_eq!(world.hear(), (vec![], vec![7]));
    assert!(!world.come(3));
    assert_eq!(world.hear(), (vec![], vec![7]));
    assert!(world.come(3));
    let waiting: Vec<u8> = world.waiting.iter().map(|(priority, _)| *priority).collect();
    assert_eq!(waiting, [3, 0, 3]);
    assert_eq!(gate.view(&rules).rejected, [2, 0, 2, 0]);
}

#[test]
fn places_are_kept_for_the_important() {
    let (gate, host) = (Arc::new(Gate::default()), SimHost::new(1));
    let rules = Admission { reserve: 50, ..admission(10, 10) };
    let mut world =
        World { gate: &gate, host: &host, rules: &rules, inside: Vec::new(), waiting: Vec::new() };
    (0..10).for_each(|_| assert!(!world.come(7)));
    assert_eq!((world.inside.len(), world.waiting.len()), (5, 5), "half of them");
    (0..5).for_each(|_| assert!(!world.come(0)));
    assert_eq!((world.inside.len(), world.waiting.len()), (10, 5), "past those who wait");
    for _ in 0..5 {
        world.inside.pop();
        assert_eq!(world.hear(), (vec![], vec![]), "as many of the least important are in as may be");
    }
    world.inside.pop();
    assert_eq!(world.hear(), (vec![7], vec![]));
}

/// Whatever happens: whoever is refused, nobody less important was let in or left waiting at that moment; and nobody waits
/// while there is a place.
#[test]
fn none_is_refused_while_a_less_important_one_is_admitted() {
    for seed in 0..400_u64 {
        let mut chance = seed;
        let (gate, host) = (Arc::new(Gate::default()), SimHost::new(1));
        let limit = 1 + u32::try_from(random(&mut chance, 8)).unwrap();
        let pending = u32::try_from(random(&mut chance, 6)).unwrap();
        let reserve = u32::try_from(random(&mut chance, 91)).unwrap();
        let rules =
            Admission { reserve, pending_timeout: Duration::from_secs(1), ..admission(limit, pending) };
        let mut world =
            World { gate: &gate, host: &host, rules: &rules, inside: Vec::new(), waiting: Vec::new() };
        for _ in 0..200 {
            match random(&mut chance, 10) {
                0..=4 => {
                    let priority = u8::try_from(random(&mut chance, 8)).unwrap().min(LEAST_IMPORTANT);
                    let refused_now = world.come(priority);
                    let (admitted, mut refused) = world.hear();
                    assert!(admitted.is_empty(), "who comes frees no place");
                    refused.extend(refused_now.then_some(priority));
                    let least = world.waiting.iter().map(|(priority, _)| *priority).max().unwrap_or(0);
                    assert!(refused.iter().all(|it| *it >= least), "seed {seed}: {refused:?}, {least} waits");
                }
                5..=7 if !world.inside.is_empty() => {
                    let at = usize::try_from(random(&mut chance, world.inside.len() as u64)).unwrap();
                    world.inside.swap_remove(at);
                    let (admitted, refused) = world.hear();
                    assert!(refused.is_empty() && admitted.len() <= limit as usize);
                    let first = world.waiting.iter().map(|(priority, _)| *priority).min();
                    assert!(admitted.iter().all(|it| first.is_none_or(|first| *it <= first)), "seed {seed}");
                }
                _ if !world.waiting.is_empty() => {
                    let at = usize::try_from(random(&mut chance, world.waiting.len() as u64)).unwrap();
                    world.waiting.remove(at);
                    world.hear();
                }
                _ => {}
            }
            let view = gate.view(&rules);
            assert!(view.in_flight <= limit && view.pending <= u64::from(pending));
            assert_eq!(view.in_flight as usize, world.inside.len());
            assert_eq!(view.pending as usize, world.waiting.len());
            let idle = view.in_flight == 0;
            assert!(!idle || world.waiting.is_empty(), "seed {seed}: a place is free and somebody waits");
        }
    }
}
