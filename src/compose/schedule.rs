//! Which step can be asked next: each once at most, and none before what it needs has ended.

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// There is an answer, its own or one that stands in for it.
    Answered,
    /// There is none.
    Failed,
    /// It was not to be asked.
    Skipped,
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It is asked only if another one fails.
    Spare,
    Waiting,
    Asked,
    /// It has failed, and waits for the one that stands in for it.
    Leaning(usize),
    Ended(End),
}

/// The steps of one request. The graph must have no cycles.
#[derive(Debug)]
pub struct Schedule<'g> {
    needs: Vec<&'g [usize]>,
    states: Vec<State>,
}

// === impl Schedule ===

impl<'g> Schedule<'g> {
    /// Of steps that need those with these indices; whether each is a spare one.
    pub fn new(steps: impl IntoIterator<Item = (&'g [usize], bool)>) -> Self {
        let state = |spare| if spare { State::Spare } else { State::Waiting };
        let (needs, states) = steps.into_iter().map(|(needs, spare)| (needs, state(spare))).unzip();
        Self { needs, states }
    }

    /// The first step that can be asked now; it counts as asked.
    pub fn start(&mut self) -> Option<usize> {
        let ended = |index: &usize| matches!(self.states.get(*index), Some(State::Ended(_)));
        let ready = |at: &usize| self.states[*at] == State::Waiting && self.needs[*at].iter().all(ended);
        let ready = (0..self.states.len()).find(ready)?;
        self.states[ready] = State::Asked;
        Some(ready)
    }

    /// A step has ended; so have those that waited for it to stand in for them, which are returned.
    pub fn end(&mut self, step: usize, end: End) -> Vec<usize> {
        self.states[step] = State::Ended(end);
        let leaning = |at: &usize| self.states[*at] == State::Leaning(step);
        (0..self.states.len()).filter(leaning).collect()
    }

    /// A step has failed, and `spare` is to stand in for it. What came of that, where it has ended already.
    pub fn lean(&mut self, step: usize, spare: usize) -> Option<End> {
        match self.states[spare] {
            State::Ended(end) => return Some(end),
            State::Spare => self.states[spare] = State::Waiting,
            State::Waiting | State::Asked | State::Leaning(_) => {}
        }
        self.states[step] = State::Leaning(spare);
        None
    }

    /// What came of a step; `None` where it has not ended.
    pub fn came(&self, step: usize) -> Option<End> {
        match self.states.get(step) {
            Some(State::Ended(end)) => Some(*end),
            _ => None,
        }
    }

    /// Whether every step has ended that was to be asked.
    pub fn is_over(&self) -> bool {
        self.states.iter().all(|state| matches!(state, State::Ended(_) | State::Spare))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_waits_for_what_it_needs() {
        let needs: [&[usize]; 4] = [&[], &[0], &[], &[1, 2]];
        let mut schedule = Schedule::new(needs.into_iter().map(|needs| (needs, false)));
        assert_eq!([schedule.start(), schedule.start(), schedule.start()], [Some(0), Some(2), None]);
        assert!(schedule.end(0, End::Failed).is_empty());
        assert_eq!([schedule.start(), schedule.start()], [Some(1), None]);
        schedule.end(2, End::Answered);
        assert_eq!(schedule.start(), None);
        schedule.end(1, End::Skipped);
        assert_eq!(schedule.start(), Some(3));
        assert!(!schedule.is_over());
        schedule.end(3, End::Answered);
        assert!(schedule.is_over());
    }

    #[test]
    fn a_spare_step_is_asked_only_where_one_fails() {
        let steps: [(&[usize], bool); 3] = [(&[], false), (&[], true), (&[0], false)];
        let mut schedule = Schedule::new(steps);
        assert_eq!([schedule.start(), schedule.start()], [Some(0), None]);
        assert_eq!(schedule.lean(0, 1), None);
        assert_eq!([schedule.start(), schedule.start()], [Some(1), None]);
        assert_eq!(schedule.end(1, End::Answered), [0]);
        schedule.end(0, End::Answered);
        assert_eq!(schedule.start(), Some(2));
        schedule.end(2, End::Answered);
        assert!(schedule.is_over());
    }

    #[test]
    fn one_spare_step_stands_in_for_several() {
        let steps: [(&[usize], bool); 3] = [(&[], false), (&[], false), (&[], true)];
        let mut schedule = Schedule::new(steps);
        assert_eq!([schedule.start(), schedule.start(), schedule.start()], [Some(0), Some(1), None]);
        assert_eq!(schedule.lean(0, 2), None);
        assert_eq!(schedule.start(), Some(2));
        assert_eq!(schedule.end(2, End::Failed), [0]);
        schedule.end(0, End::Failed);
        assert_eq!(schedule.lean(1, 2), Some(End::Failed));
    }
}
