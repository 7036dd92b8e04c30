//! Redis as a store: limits are counted there, and values are kept there.
//!
//! Each thread that asks has a connection of its own ([`mod@line`]), driven by the runtime it asks in: a worker's questions
//! leave in one write with each other, and no other thread has to be woken for them.

use std::path::Path;
use std::sync::Arc;
use std::thread::ThreadId;

use arc_swap::ArcSwap;
use futures_util::future::join_all;
use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value};
use tollgate::host::{StoreError, UnixMillis};
use tollgate::limit::Ask;
use tollgate::limit::redis::{
    self as counting, Argument, ByClock, Command, DECIDE, GIVE_BACK, Script, unexpected,
};
use tollgate::plan::RedisPlan;

use super::Variables;
use super::store::now;

pub mod connect;
pub mod heard;
pub mod line;
pub mod values;

use connect::{Connector, Question};
use line::Line;

/// A Redis, or a cluster of them. Cloning is cheap and gives the same one.
#[derive(Debug, Clone)]
pub struct Redis(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connector: Arc<Connector>,
    /// The line of each thread that ever asked: a worker's each, and the one that the operator is answered by.
    lines: ArcSwap<Vec<(ThreadId, Arc<Line>)>>,
}

/// The longest complaint of a server that is passed on, in bytes.
const LONGEST_COMPLAINT: usize = 200;

// === impl Redis ===

impl Redis {
    /// What `plan` says, whether anything answers there or not: connections are made when they are needed, and made anew
    /// when they break. Files are relative to `directory`; the password is read from `variables` for each connection.
    pub fn new(plan: &RedisPlan, directory: &Path, variables: Arc<Variables>) -> anyhow::Result<Self> {
        let connector = Arc::new(Connector::new(plan.clone(), directory, variables)?);
        Ok(Self(Arc::new(Inner { connector, lines: ArcSwap::default() })))
    }

    /// Where it is and how it is spoken to.
    pub fn plan(&self) -> &RedisPlan {
        &self.0.connector.plan
    }

    /// Judges `asks` together: either all that are not in shadow have their permits, or nothing is taken for any.
    pub async fn count(&self, asks: &mut [Ask<'_>], now: UnixMillis) -> Result<(), StoreError> {
        self.count_by(asks, now, ByClock::Server).await
    }

    /// As [`Self::count`], by the clock that is said.
    pub async fn count_by(
        &self,
        asks: &mut [Ask<'_>],
        now: UnixMillis,
        clock: ByClock,
    ) -> Result<(), StoreError> {
        if asks.is_empty() {
            return Ok(());
        }
        if !self.plan().cluster || asks.len() == 1 {
            return self.decide(asks, now, clock).await;
        }
        // The keys lie on several nodes: each limit is asked by itself, all at once.
        let asked = asks.iter_mut().map(|ask| self.decide(std::slice::from_mut(ask), now, clock));
        let failed = join_all(asked).await.into_iter().find_map(Result::err);
        if failed.is_none() && !asks.iter().any(Ask::refuses) {
            return Ok(());
        }
        let back = counting::give_back_each(self.plan(), asks, now, now, clock);
        self.give_back_later(back);
        for ask in asks {
            ask.verdict.remaining += ask.verdict.taken;
            ask.verdict.taken = 0;
        }
        failed.map_or(Ok(()), Err)
    }

    /// Gives back what the verdicts of `asks` took at `taken`.
    pub async fn give_back(&self, asks: &[Ask<'_>], taken: UnixMillis) -> Result<(), StoreError> {
        self.give_back_by(asks, taken, ByClock::Server).await
    }

    /// As [`Self::give_back`], by the clock that is said.
    pub async fn give_back_by(
        &self,
        asks: &[Ask<'_>],
        taken: UnixMillis,
        clock: ByClock,
    ) -> Result<(), StoreError> {
        if self.plan().cluster {
            let each = counting::give_back_each(self.plan(), asks, taken, now(), clock);
            let given = join_all(each.iter().map(|command| self.run(GIVE_BACK, command))).await;
            return given.into_iter().try_for_each(|given| given.map(drop));
        }
        let command = counting::give_back(self.plan(), asks, taken, now(), clock);
        if command.keys.is_empty() { Ok(()) } else { self.run(GIVE_BACK, &command).await.map(drop) }
    }

    async fn decide(&self, asks: &mut [Ask<'_>], now: UnixMillis, clock: ByClock) -> Result<(), StoreError> {
        let command = counting::command(self.plan(), asks, now, clock)?;
        let Value::Array(values) = self.run(DECIDE, &command).await? else { return Err(unexpected()) };
        let numbers = values.into_iter().map(|value| match value {
            Value::Int(number) => Some(number),
            _ => None,
        });
        let numbers: Vec<i64> = numbers.collect::<Option<_>>().ok_or_else(unexpected)?;
        counting::read(&numbers, asks)
    }

    /// Whoever asked may be gone by then, and would take with it what it took.
    fn give_back_later(&self, commands: Vec<Command>) {
        let redis = self.clone();
        tokio::spawn(async move {
            for given in join_all(commands.iter().map(|command| redis.run(GIVE_BACK, command))).await {
                if let Err(error) = given {
                    tracing::debug!("what a request had taken was not given back: {}", error.cause);
                }
            }
        });
    }

    /// Runs a script by its digest, and by its text where the server does not know it yet.
    async fn run(&self, script: Script, command: &Command) -> Result<Value, StoreError> {
        match self.ask(call("EVALSHA", script.digest, command)).await {
            Err(error) if is_unknown_script(&error) => {
                self.ask(call("EVAL", script.text, command)).await.map_err(|error| self.failed(&error))
            }
            answered => answered.map_err(|error| self.failed(&error)),
        }
    }

    async fn ask(&self, question: Question) -> Result<Value, RedisError> {
        self.line().ask(question).await
    }

    /// The line of this thread.
    fn line(&self) -> Arc<Line> {
        let this = std::thread::current().id();
        let of = |lines: &[(ThreadId, Arc<Line>)]| {
            lines.iter().find(|(thread, _)| *thread == this).map(|(_, line)| Arc::clone(line))
        };
        if let Some(line) = of(&self.0.lines.load()) {
            return line;
        }
        let line = Arc::new(Line::new(Arc::clone(&self.0.connector)));
        self.0.lines.rcu(|lines| {
            let mut lines = Vec::clone(lines);
            lines.push((this, Arc::clone(&line)));
            lines
        });
        line
    }

    fn failed(&self, error: &RedisError) -> StoreError {
        let mut complaint = error.to_string();
        complaint.truncate(complaint.floor_char_boundary(LONGEST_COMPLAINT));
        StoreError { cause: format!("{}: {complaint}", self.0.connector.place()) }
    }
}

/// Whether a server was told to run a script by its digest, and does not have it.
fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

fn call(name: &str, script: &str, command: &Command) -> Question {
    let mut called = Cmd::with_capacity(
        3 + command.keys.len() + command.arguments.len(),
        script.len() + 48 * command.keys.len() + 8 * command.arguments.len(),
    );
    called.arg(name).arg(script).arg(command.keys.len()).arg(&command.keys);
    for argument in &command.arguments {
        match argument {
            Argument::Word(word) => called.arg(word),
            Argument::Number(number) => called.arg(number),
        };
    }
    Question::Plain(called)
}
