//! One composition under way: what is to be asked next, and what came of what was.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::each::Elements;
use super::outcome::{Came, Outcome};
use super::prepare::Prepared;
use super::schedule::{End, Schedule};
use super::{Compose, Reason};
use crate::cache::rules::Least;
use crate::expression::{AnswerFacts, Facts, StepFacts};
use crate::host::Tick;
use crate::json::Node;

mod beginning;
mod coming;

/// The contents of one step's answers, by request.
type Contents = Box<[OnceLock<Bytes>]>;

/// What everything is made of: it stays where it is as long as the composition does.
#[derive(Debug)]
pub struct Ground {
    /// The contents of answers, by step and request.
    contents: Box<[OnceLock<Contents>]>,
    /// Lists that expressions made, by step.
    lists: Box<[OnceLock<Vec<Node<'static>>>]>,
}

/// What a step answered, for others that read it.
#[derive(Debug)]
pub struct Answered<'s> {
    status: StatusCode,
    headers: HeaderMap,
    /// Its content.
    pub content: Node<'s>,
}

/// What steps answered that others read, by step.
pub type Answers<'s> = Box<[OnceLock<Answered<'s>>]>;

/// What is to be asked.
#[derive(Debug)]
pub struct Job {
    /// The index of the step.
    pub step: usize,
    /// Which of its requests it is.
    pub number: usize,
    /// The request.
    pub prepared: Prepared,
    /// When the step began.
    pub begun: Tick,
}

/// What came of what was asked.
#[derive(Debug)]
pub struct Back {
    /// The index of the step.
    pub step: usize,
    /// Which of its requests it was.
    pub number: usize,
    /// How often upstreams were asked for it.
    pub attempts: u32,
    /// The answer, or why there is none.
    pub answer: Result<Arrived, Lost>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its content.
    pub content: Bytes,
    /// What it allows caches.
    pub least: Least,
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub struct Lost {
    /// For everybody.
    pub reason: Reason,
    /// For the operator.
    pub cause: Option<String>,
    /// It is the client's request that it cannot be made of.
    pub by_client: bool,
    /// What the upstream answered instead.
    pub answer: Option<Box<Arrived>>,
}

/// What a step has for the result.
#[derive(Debug)]
pub enum Value<'s> {
    /// One value.
    One(Node<'s>),
    /// What stands in the place that others read it from.
    Read,
    /// One for each distinct element, where it has one, and which is each element's.
    Spread(Vec<Option<Node<'s>>>, Vec<usize>),
}

/// Where a step is.
#[derive(Debug, Default)]
struct Progress<'r, 's> {
    begun: Option<Tick>,
    took: Duration,
    leans: bool,
    elements: Option<Elements<'r>>,
    /// How many requests there are, have been handed out, and are under way.
    requests: usize,
    handed: usize,
    under_way: usize,
    attempts: u32,
    /// What came, by distinct element; of a step without elements there is one.
    parts: Vec<Option<Node<'s>>>,
    head: Option<(StatusCode, HeaderMap)>,
    /// How many elements have nothing, and why the first has not.
    missing: usize,
    lost: Option<Lost>,
    value: Option<Value<'s>>,
}

/// What a composition has come to.
#[derive(Debug)]
pub struct Finished<'s> {
    /// What each step has for the result.
    pub values: Vec<Option<Value<'s>>>,
    /// What came of each.
    pub outcomes: Vec<Outcome>,
    /// Whether something stands in for what could not be had.
    pub leans: bool,
    /// What answers allow caches.
    pub least: Least,
}

/// One composition under way.
#[derive(Debug)]
pub struct Run<'r, 's> {
    compose: &'r Compose,
    facts: Facts<'r>,
    ground: &'s Ground,
    answers: &'r [OnceLock<Answered<'s>>],
    schedule: Schedule<'r>,
    steps: Vec<Progress<'r, 's>>,
    /// Steps that have begun and have requests left.
    begun: Vec<usize>,
    failed: Option<usize>,
    /// What answers allow caches.
    least: Least,
}

// === impl Ground ===

impl Ground {
    /// For these steps.
    pub fn new(compose: &Compose) -> Self {
        let contents = compose.steps.iter().map(|_| OnceLock::new()).collect();
        Self { contents, lists: compose.steps.iter().map(|_| OnceLock::new()).collect() }
    }
}

/// Room for what these steps answer.
pub fn answers<'s>(compose: &Compose) -> Answers<'s> {
    compose.steps.iter().map(|_| OnceLock::new()).collect()
}

/// What expressions see of these steps.
pub fn facts_of<'f>(
    compose: &'f Compose,
    answers: &'f [OnceLock<Answered<'_>>],
    steps: &[usize],
) -> Vec<StepFacts<'f>> {
    let facts = steps.iter().map(|step| StepFacts {
        name: &compose.steps[*step].name,
        answer: answers[*step].get().map(|answered| AnswerFacts {
            status: answered.status,
            headers: &answered.headers,
            content: Some(&answered.content),
        }),
    });
    facts.collect()
}

// === impl Lost ===

impl Lost {
    /// For this reason.
    pub fn new(reason: Reason, cause: impl Into<String>) -> Self {
        Self { reason, cause: Some(cause.into()), by_client: false, answer: None }
    }
}

// === impl Run ===

impl<'r, 's: 'r> Run<'r, 's> {
    /// Of a request with these `facts`.
    pub fn new(
        compose: &'r Compose,
        facts: Facts<'r>,
        ground: &'s Ground,
        answers: &'r [OnceLock<Answered<'s>>],
    ) -> Self {
        let schedule = Schedule::new(compose.steps.iter().map(|step| (&*step.needs, step.spare)));
        let steps = compose.steps.iter().map(|_| Progress::default()).collect();
        Self {
            compose,
            facts,
            ground,
            answers,
            schedule,
            steps,
            begun: Vec::new(),
            failed: None,
            least: Least::default(),
        }
    }

    /// The next request; `None` where nothing can be asked before something has come.
    pub fn next(&mut self, now: Tick) -> Option<Job> {
        while self.failed.is_none() {
            if let Some(at) = self.begun.iter().position(|step| self.has_turn(*step)) {
                let step = self.begun[at];
                if let Some(job) = self.hand_out(step, now) {
                    return Some(job);
                }
                continue;
            }
            let step = self.schedule.start()?;
            self.begin(step, now);
        }
        None
    }

    /// What came of a request.
    pub fn came(&mut self, came: Back, now: Tick) {
        if self.schedule.came(came.step).is_some() {
            return;
        }
        let progress = &mut self.steps[came.step];
        progress.under_way -= 1;
        progress.attempts += came.attempts;
        match came.answer {
            Ok(arrived) => self.arrived(came.step, came.number, arrived),
            Err(lost) => self.lost(came.step, came.number, lost),
        }
        self.look(came.step, now);
    }

    /// The required step that has no answer, and why: there is no result then.
    pub fn failed(&self) -> Option<(usize, &Lost)> {
        let step = self.failed?;
        Some((step, self.steps[step].lost.as_ref()?))
    }

    /// What steps have for the result, and what came of them. Those that are under way have come to nothing.
    pub fn finish(self, now: Tick) -> Finished<'s> {
        let Self { schedule, steps, least, .. } = self;
        let leans = steps.iter().any(|progress| progress.leans);
        let ended = steps.into_iter().enumerate().map(|(at, progress)| {
            let outcome = Outcome {
                came: match (schedule.came(at), progress.begun) {
                    (Some(End::Answered), _) if progress.leans => Came::Fallback,
                    (Some(End::Answered), _) => Came::Answered,
                    (Some(End::Failed), _) => Came::Failed,
                    (Some(End::Skipped), _) => Came::Skipped,
                    (None, Some(_)) => Came::GivenUp,
                    (None, None) => Came::NotAsked,
                },
                reason: progress.lost.map(|lost| lost.reason),
                requests: u32::try_from(progress.handed).unwrap_or(u32::MAX),
                attempts: progress.attempts,
                took: match (schedule.came(at), progress.begun) {
                    (None, Some(begun)) => now - begun,
                    _ => progress.took,
                },
            };
            (progress.value, outcome)
        });
        let (values, outcomes) = ended.unzip();
        Finished { values, outcomes, leans, least }
    }
}
