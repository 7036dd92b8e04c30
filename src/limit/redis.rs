//! Counting in Redis: what is sent for a decision, and what is read of the reply. No I/O.
//!
//! A decision is one script ([`DECIDE`]), which judges all limits of a request together on the server and by the server's
//! clock, as [`Algorithm`] does here. What was counted is one short value for each key, which Redis forgets by itself
//! when it means nothing any more.
//!
//! In a cluster the keys of one request lie on several nodes, and no script sees them all: there each limit is asked by
//! itself, and what was taken is given back where another refuses. Nobody gets in over a limit by that; in the moment
//! between, somebody may be refused whom there would have been room for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Algorithm, Ask, Key, Verdict};
use crate::host::{StoreError, UnixMillis};
use crate::plan::RedisPlan;

/// A script that a server keeps under its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// Its text, for `EVAL`.
    pub text: &'static str,
    /// The SHA-1 of its text in hexadecimal, for `EVALSHA`.
    pub digest: &'static str,
}

/// What is sent after a script's name: `EVALSHA digest numkeys key … argument …`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// The keys.
    pub keys: Vec<String>,
    /// The arguments.
    pub arguments: Vec<Argument>,
}

/// One argument of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// A word.
    Word(&'static str),
    /// A number, in decimal digits.
    Number(u64),
}

/// By which clock is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByClock {
    /// The server's: instances' clocks do not matter then.
    Server,
    /// The time that is given. For tests: nothing expires when it should.
    Given,
}

/// Judges what is asked; answered as [`read`] expects.
pub const DECIDE: Script =
    Script { text: include_str!("decide.lua"), digest: "959d82ee6beea0f50934401aa627989002d046ca" };

/// Gives back what was taken; answers how many keys there were.
pub const GIVE_BACK: Script =
    Script { text: include_str!("give_back.lua"), digest: "dfe4f0d1d8a92c8cda3488176c52462a68d35462" };

/// How many numbers [`DECIDE`] answers for each ask.
const NUMBERS: usize = 5;

/// How many arguments [`DECIDE`] takes for each ask.
const ARGUMENTS: usize = 7;

/// The largest number that Lua's doubles count to one by one.
const LARGEST: u64 = 1 << 53;

/// What [`DECIDE`] is given for `asks`. `now` is what the span of a calendar is found by, and the time itself where the
/// clock is [`ByClock::Given`].
pub fn command(
    plan: &RedisPlan,
    asks: &[Ask<'_>],
    now: UnixMillis,
    clock: ByClock,
) -> Result<Command, StoreError> {
    let keys = asks.iter().map(|ask| count_key(plan, &ask.key)).collect();
    let mut arguments = Vec::with_capacity(1 + ARGUMENTS * asks.len());
    arguments.push(match clock {
        ByClock::Server => Argument::Word(""),
        ByClock::Given => Argument::Number(now.0),
    });
    for ask in asks {
        let algorithm = &ask.limit.algorithm;
        let numbers = match algorithm {
            Algorithm::Bucket { permits, per, burst } => [*permits, *per, *burst],
            Algorithm::Fixed { most, per } | Algorithm::Sliding { most, per } => [*most, *per, 0],
            Algorithm::Calendar { most, .. } => {
                let span = algorithm.span(now.0);
                [*most, span.start, span.end]
            }
            Algorithm::Concurrent { .. } => return Err(not_counted()),
        };
        arguments.push(Argument::Word(letter(algorithm)));
        arguments.extend(numbers.map(Argument::Number));
        arguments.extend([ask.least, ask.most, u64::from(ask.limit.shadow)].map(Argument::Number));
    }
    Ok(Command { keys, arguments })
}

/// Reads what [`DECIDE`] answered into the verdicts of `asks`. A server is believed nothing that cannot be.
pub fn read(reply: &[i64], asks: &mut [Ask<'_>]) -> Result<(), StoreError> {
    let (numbers, []) = reply.as_chunks::<NUMBERS>() else { return Err(unexpected()) };
    if numbers.len() != asks.len() {
        return Err(unexpected());
    }
    for (numbers, ask) in numbers.iter().zip(asks) {
        ask.verdict = verdict(*numbers, ask).ok_or_else(unexpected)?;
    }
    Ok(())
}

fn verdict([taken, enough, remaining, reset, retry]: [i64; NUMBERS], ask: &Ask<'_>) -> Option<Verdict> {
    let number = |number: i64| u64::try_from(number).ok().filter(|number| *number <= LARGEST);
    let enough = match enough {
        0 => false,
        1 => true,
        _ => return None,
    };
    let taken =
        number(taken).filter(|taken| *taken == 0 || (enough && (ask.least..=ask.most).contains(taken)))?;
    let remaining = number(remaining).filter(|left| *left <= ask.limit.algorithm.most())?;
    let retry = if retry == -1 { u64::MAX } else { number(retry)? };
    Some(Verdict { taken, enough, remaining, reset: number(reset)?, retry })
}

/// What [`GIVE_BACK`] is given for what the verdicts of `asks` took at `taken`, when it is `now`: of the same clock, which
/// need not be the server's. No keys where they took nothing.
pub fn give_back(
    plan: &RedisPlan,
    asks: &[Ask<'_>],
    taken: UnixMillis,
    now: UnixMillis,
    clock: ByClock,
) -> Command {
    let mut command = Command::default();
    command.arguments.push(match clock {
        ByClock::Server => Argument::Word(""),
        ByClock::Given => Argument::Number(taken.0),
    });
    command.arguments.push(Argument::Number(now.0.saturating_sub(taken.0)));
    for ask in asks.iter().filter(|ask| ask.verdict.taken > 0) {
        let algorithm = &ask.limit.algorithm;
        let (numbers, unit) = match algorithm {
            Algorithm::Bucket { per, .. } => ([0, 0], *per),
            Algorithm::Fixed { per, .. } | Algorithm::Sliding { per, .. } => ([*per, 0], 1),
            Algorithm::Calendar { .. } => {
                let span = algorithm.span(taken.0);
                ([span.start, span.end], 1)
            }
            Algorithm::Concurrent { .. } => continue,
        };
        command.keys.push(count_key(plan, &ask.key));
        command.arguments.push(Argument::Word(letter(algorithm)));
        command.arguments.extend(numbers.map(Argument::Number));
        command.arguments.push(Argument::Number(ask.verdict.taken.saturating_mul(unit).min(LARGEST)));
    }
    command
}

/// As [`give_back`], one command for each key: for a cluster.
pub fn give_back_each(
    plan: &RedisPlan,
    asks: &[Ask<'_>],
    taken: UnixMillis,
    now: UnixMillis,
    clock: ByClock,
) -> Vec<Command> {
    let each = asks.chunks(1).map(|ask| give_back(plan, ask, taken, now, clock));
    each.filter(|command| !command.keys.is_empty()).collect()
}

/// Where is counted what `key` finds.
pub fn count_key(plan: &RedisPlan, key: &Key) -> String {
    let mut text = format!("{}limit:", plan.prefix);
    URL_SAFE_NO_PAD.encode_string(key.0, &mut text);
    text
}

/// What a value begins with, so that one that another kind of limit left behind is not taken for its own.
const fn letter(algorithm: &Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Bucket { .. } => "b",
        Algorithm::Fixed { .. } => "f",
        Algorithm::Sliding { .. } => "s",
        Algorithm::Calendar { .. } => "c",
        Algorithm::Concurrent { .. } => "-",
    }
}

/// A reply that none of the scripts returns.
pub fn unexpected() -> StoreError {
    StoreError { cause: "Redis answered something else than what its script returns".to_owned() }
}

fn not_counted() -> StoreError {
    StoreError { cause: "how many requests run at once is not counted in Redis".to_owned() }
}
