//! One composition under way: what is to be asked next, and what came of what was.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::each::{Elements, key_of};
use super::prepare::{Prepared, Unmade, prepare};
use super::schedule::{End, Schedule};
use super::{Compose, Each, Fallback, List, Reason, Step};
use crate::cache::rules::Least;
use crate::expression::{AnswerFacts, Beyond, Facts, StepFacts};
use crate::host::Tick;
use crate::json::{self, Limits, Node};

/// What everything is made of: it stays where it is as long as the composition does.
#[derive(Debug)]
pub struct Ground {
    /// The contents of answers, by step and request.
    contents: Box<[OnceLock<Box<[OnceLock<Bytes>]>>]>,
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

/// What came of a step, for records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What it came to.
    pub came: Came,
    /// Why it has no answer of its own, or not for all elements.
    pub reason: Option<Reason>,
    /// How many requests there were for it.
    pub requests: u32,
    /// How often upstreams were asked for them.
    pub attempts: u32,
    /// How long it took.
    pub took: Duration,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// An answer of its own.
    Answered,
    /// Something stands in for it, or for that to some element.
    Fallback,
    /// Nothing.
    Failed,
    /// It was left out.
    Skipped,
    /// It was under way when the whole was lost.
    GivenUp,
    /// Its turn did not come, or it was not needed.
    NotAsked,
}

// === impl Came ===

impl Came {
    /// Its name in logs and metrics: one of a closed set.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Fallback => "fallback",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::GivenUp => "given-up",
            Self::NotAsked => "not-asked",
        }
    }
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

    /// Whether a step may have another request now.
    fn has_turn(&self, step: usize) -> bool {
        let at_once = self.compose.steps[step].each.as_ref().map_or(1, |each| each.at_once);
        let progress = &self.steps[step];
        progress.handed < progress.requests && progress.under_way < at_once
    }

    /// Evaluates what decides about a step.
    fn begin(&mut self, step: usize, now: Tick) {
        let compose = self.compose;
        let written = &compose.steps[step];
        self.steps[step].begun = Some(now);
        let held = written.when.as_ref().map_or(Ok(true), |when| {
            let held = self.with(written, Beyond::default(), |facts| when.holds(facts));
            held.map_err(|fault| Unmade::of_expression(&fault, when))
        });
        match held {
            Ok(true) => {}
            Ok(false) => return self.end(step, End::Skipped, now),
            Err(unmade) => return self.unmade(step, unmade, Reason::Request, now),
        }
        let requests = match &written.each {
            None => 1,
            Some(each) => match self.elements(step, each) {
                Ok(elements) => {
                    let requests = elements.requests(each.batch.as_ref());
                    self.steps[step].parts.resize_with(elements.distinct(), || None);
                    self.steps[step].elements = Some(elements);
                    requests
                }
                Err(unmade) => return self.unmade(step, unmade, Reason::List, now),
            },
        };
        let progress = &mut self.steps[step];
        if written.each.is_none() {
            progress.parts.push(None);
        }
        progress.requests = requests;
        let _ = self.ground.contents[step].set((0..requests).map(|_| OnceLock::new()).collect());
        self.begun.push(step);
        self.look(step, now);
    }

    /// The list of a step, with what is the same found out.
    fn elements(&self, step: usize, each: &Each) -> Result<Elements<'r>, Unmade> {
        let written = &self.compose.steps[step];
        let no_list = |what: &str| Unmade { cause: what.to_owned(), absent: false, by_client: false };
        let nodes: &'r [Node<'r>] = match &each.list {
            List::At(of, path) => {
                let absent = || Unmade { absent: true, ..no_list("there is no list") };
                let answered = self.answers[*of].get().ok_or_else(absent)?;
                let found = match path {
                    None => Some(&answered.content),
                    Some(path) => answered.content.at(path),
                };
                match found.ok_or_else(absent)? {
                    Node::Array(nodes) => nodes,
                    other => return Err(no_list(&format!("the list is {}", other.kind()))),
                }
            }
            List::Made(expression) => {
                let most = Limits::of(self.compose.total).values;
                let made = self.with(written, Beyond::default(), |facts| {
                    expression.node(facts, most).map(Node::into_owned)
                });
                match made.map_err(|fault| Unmade::of_expression(&fault, expression))? {
                    Node::Array(nodes) => self.ground.lists[step].get_or_init(|| nodes),
                    other => return Err(no_list(&format!("the list is {}", other.kind()))),
                }
            }
        };
        if nodes.len() > each.most {
            return Err(no_list(&format!("the list has {} elements", nodes.len())));
        }
        Elements::new(nodes.iter().collect(), |at, node| match &each.by {
            None => Ok(key_of(node)),
            Some(by) => {
                let beyond = Beyond { item: Some((at, node)), ..Beyond::default() };
                let most = Limits::of(self.compose.answer).values;
                let key = self.with(written, beyond, |facts| by.node(facts, most).map(|node| key_of(&node)));
                key.map_err(|fault| Unmade::of_expression(&fault, by))
            }
        })
    }

    /// The next request of a step; `None` where it cannot be made.
    fn hand_out(&mut self, step: usize, now: Tick) -> Option<Job> {
        let compose = self.compose;
        let (written, progress) = (&compose.steps[step], &mut self.steps[step]);
        let number = progress.handed;
        progress.handed += 1;
        let progress = &self.steps[step];
        let most = compose.total;
        let prepared = match (&progress.elements, &written.each) {
            (Some(elements), Some(Each { batch: Some(batch), .. })) => {
                let range = elements.of_request(number, Some(batch));
                let items: Vec<_> = range.map(|distinct| elements.element(distinct).1).collect();
                let beyond = Beyond { items: Some(&items), ..Beyond::default() };
                self.with(written, beyond, |facts| prepare(&written.request, facts, most))
            }
            (Some(elements), _) => {
                let beyond = Beyond { item: Some(elements.element(number)), ..Beyond::default() };
                self.with(written, beyond, |facts| prepare(&written.request, facts, most))
            }
            (None, _) => {
                self.with(written, Beyond::default(), |facts| prepare(&written.request, facts, most))
            }
        };
        match prepared {
            Ok(prepared) => {
                let progress = &mut self.steps[step];
                progress.under_way += 1;
                Some(Job { step, number, prepared, begun: progress.begun.unwrap_or(now) })
            }
            Err(unmade) if written.each.is_none() => {
                self.unmade(step, unmade, Reason::Request, now);
                None
            }
            Err(unmade) => {
                let reason = self.why(step, &unmade, Reason::Request);
                self.lost(step, number, Lost::new(reason, unmade.cause));
                self.look(step, now);
                None
            }
        }
    }

    /// Shows `look` what a step may see.
    fn with<T>(&self, step: &Step, beyond: Beyond<'_>, look: impl FnOnce(&Facts<'_>) -> T) -> T {
        let steps = facts_of(self.compose, self.answers, &step.needs);
        let content = self.facts.beyond.content;
        look(&Facts { beyond: Beyond { content, steps: &steps, ..beyond }, ..self.facts })
    }

    /// Why a request cannot be made: a step that is needed may be the reason.
    fn why(&self, step: usize, unmade: &Unmade, reason: Reason) -> Reason {
        let missing = |need: &usize| self.schedule.came(*need) != Some(End::Answered);
        let needs = self.compose.steps[step].needs.iter().any(missing);
        if unmade.absent && needs { Reason::Needs } else { reason }
    }

    /// A step cannot be asked for.
    fn unmade(&mut self, step: usize, unmade: Unmade, reason: Reason, now: Tick) {
        let skipped = |need: &usize| self.schedule.came(*need) == Some(End::Skipped);
        if unmade.absent && self.compose.steps[step].needs.iter().any(skipped) {
            return self.end(step, End::Skipped, now);
        }
        let reason = self.why(step, &unmade, reason);
        self.steps[step].requests = self.steps[step].handed;
        self.fail(step, Lost { by_client: unmade.by_client, ..Lost::new(reason, unmade.cause) }, now);
    }

    /// An answer to one request.
    fn arrived(&mut self, step: usize, number: usize, arrived: Arrived) {
        let (written, most) = (&self.compose.steps[step], self.compose.answer);
        if !written.succeeds(arrived.status) {
            let lost = Lost::new(Reason::Status(arrived.status), format!("answered {}", arrived.status));
            return self.lost(step, number, Lost { answer: Some(Box::new(arrived)), ..lost });
        }
        let Arrived { status, headers, content, least } = arrived;
        self.least = self.least.and(least);
        let slot = self.ground.contents[step].get().and_then(|contents| contents.get(number));
        let Some(content) = slot.map(|slot| slot.get_or_init(|| content)) else { return };
        let node = match content.is_empty() {
            true => Ok(Node::Null),
            false => json::parse(content, &Limits::of(most)),
        };
        let node = match node {
            Ok(node) => node,
            Err(error) => {
                let reason = if error.fault.is_limit() { Reason::Size } else { Reason::Content };
                return self.lost(step, number, Lost::new(reason, error.to_string()));
            }
        };
        let progress = &mut self.steps[step];
        let batch = written.each.as_ref().and_then(|each| each.batch.as_ref());
        match (&progress.elements, batch) {
            (Some(elements), Some(batch)) => {
                let range = elements.of_request(number, Some(batch));
                let Some(sorted) = elements.sort_out(range, batch, node) else {
                    let lost =
                        Lost::new(Reason::Content, "the answer to a batch has no list where it should");
                    return self.lost(step, number, lost);
                };
                for (distinct, node) in sorted {
                    progress.parts[distinct] = Some(node);
                }
            }
            (Some(_), None) => progress.parts[number] = Some(node),
            (None, _) => {
                progress.parts[0] = Some(node);
                progress.head = Some((status, headers));
            }
        }
    }

    /// One request has no answer.
    fn lost(&mut self, step: usize, number: usize, lost: Lost) {
        let written = &self.compose.steps[step];
        let progress = &mut self.steps[step];
        if let (Some(elements), Some(each)) = (&progress.elements, &written.each) {
            let range = elements.of_request(number, each.batch.as_ref());
            if let Some(Fallback::Json(value)) = &written.fallback {
                range.for_each(|distinct| progress.parts[distinct] = Some(value.clone()));
                progress.leans = true;
                return;
            }
            progress.missing += range.map(|distinct| elements.occurrences(distinct)).sum::<usize>();
        }
        progress.lost.get_or_insert(lost);
    }

    /// Whether a step has come to its end.
    fn look(&mut self, step: usize, now: Tick) {
        let written = &self.compose.steps[step];
        let progress = &mut self.steps[step];
        let failed = progress.lost.is_some() && (written.required || progress.elements.is_none());
        if failed {
            progress.requests = progress.handed;
            if let Some(lost) = progress.lost.take() {
                self.fail(step, lost, now);
            }
            return;
        }
        if progress.handed < progress.requests || progress.under_way > 0 {
            return;
        }
        let Some(elements) = progress.elements.take() else {
            let (status, headers) = progress.head.take().unwrap_or_default();
            let content = progress.parts.pop().flatten().unwrap_or(Node::Null);
            return self.answered(step, Answered { status, headers, content }, now);
        };
        if progress.missing > 0
            && let Some(lost) = &mut progress.lost
        {
            lost.reason = Reason::Elements(progress.missing);
        }
        let parts = std::mem::take(&mut progress.parts);
        // What is the same for many elements is there many times in the result.
        let sizes: Vec<_> = parts.iter().map(|part| part.as_ref().map_or(1, Node::values)).collect();
        let all: usize = elements.of().iter().map(|distinct| sizes[*distinct]).sum();
        if all > Limits::of(self.compose.total).values {
            return self.fail(step, Lost::new(Reason::Size, "too much for all elements"), now);
        }
        let of = elements.into_of();
        if written.is_read {
            let content = Node::Array(of.iter().map(|at| parts[*at].clone().unwrap_or(Node::Null)).collect());
            let (status, headers) = <(StatusCode, HeaderMap)>::default();
            let _ = self.answers[step].set(Answered { status, headers, content });
        }
        self.steps[step].value = Some(Value::Spread(parts, of));
        self.end(step, End::Answered, now);
    }

    /// A step has an answer.
    fn answered(&mut self, step: usize, answered: Answered<'s>, now: Tick) {
        self.steps[step].value = Some(match self.compose.steps[step].is_read {
            true => {
                let _ = self.answers[step].set(answered);
                Value::Read
            }
            false => Value::One(answered.content),
        });
        self.end(step, End::Answered, now);
    }

    /// A step has no answer of its own.
    fn fail(&mut self, step: usize, lost: Lost, now: Tick) {
        let written = &self.compose.steps[step];
        self.steps[step].lost = Some(lost);
        match &written.fallback {
            Some(Fallback::Json(value)) if written.each.is_none() => self.stand_in(step, value.clone(), now),
            Some(Fallback::Step(spare)) => match self.schedule.lean(step, *spare) {
                None => {}
                Some(End::Answered) => self.lean(step, *spare, now),
                Some(End::Failed | End::Skipped) => self.give_up(step, now),
            },
            _ => self.give_up(step, now),
        }
    }

    /// A value stands in for a step's answer: nothing is missing then.
    fn stand_in(&mut self, step: usize, content: Node<'s>, now: Tick) {
        self.steps[step].leans = true;
        let (status, headers) = <(StatusCode, HeaderMap)>::default();
        self.answered(step, Answered { status, headers, content }, now);
    }

    /// What another step answered stands in.
    fn lean(&mut self, step: usize, spare: usize, now: Tick) {
        let content = match &self.steps[spare].value {
            Some(Value::One(content)) => content.clone(),
            Some(Value::Read) => match self.answers[spare].get() {
                Some(answered) => answered.content.clone(),
                None => return self.give_up(step, now),
            },
            _ => return self.give_up(step, now),
        };
        self.stand_in(step, content, now);
    }

    fn give_up(&mut self, step: usize, now: Tick) {
        let written = &self.compose.steps[step];
        if written.required && !written.spare {
            self.failed.get_or_insert(step);
        }
        self.end(step, End::Failed, now);
    }

    fn end(&mut self, step: usize, end: End, now: Tick) {
        self.begun.retain(|begun| *begun != step);
        let progress = &mut self.steps[step];
        progress.took = progress.begun.map_or(Duration::ZERO, |begun| now - begun);
        for leaning in self.schedule.end(step, end) {
            match end {
                End::Answered => self.lean(leaning, step, now),
                End::Failed | End::Skipped => self.give_up(leaning, now),
            }
        }
    }
}
