//! Redis, by Spin's outbound Redis; elsewhere there is none, and the plan asks for none.
//!
//! An instance has one connection to a server, opened when it is needed first. How long that and each command may take
//! is for the host to say.

use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::variables;
use crate::host::values::{self, SWAP, lifetime};
use crate::host::{StoreError, UnixMillis};
use crate::limit::Ask;
use crate::limit::redis::{self as script, Argument, ByClock, Command, DECIDE, GIVE_BACK, Script};
use crate::plan::RedisPlan;

/// One of the values that a command answers.
#[cfg_attr(not(feature = "spin"), allow(dead_code, reason = "no other host has Redis"))]
pub enum Reply {
    /// A number.
    Number(i64),
    /// A string.
    Bytes(Vec<u8>),
    /// Something else: no value, or a word such as `OK`.
    Other,
}

/// The longest value that is taken from a server, in bytes: none of ours is longer.
const LONGEST_VALUE: usize = 1 << 20;

/// What stands in a user's name or a password as it is (RFC 3986 section 2.3).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Judges `asks` together: one script.
pub fn count(plan: &RedisPlan, asks: &mut [Ask<'_>], now: UnixMillis) -> Result<(), StoreError> {
    let command = script::command(plan, asks, now, ByClock::Server)?;
    let numbers: Vec<_> = evaluate(plan, &DECIDE, parts(&command))?
        .into_iter()
        .filter_map(|reply| match reply {
            Reply::Number(number) => Some(number),
            Reply::Bytes(_) | Reply::Other => None,
        })
        .collect();
    script::read(&numbers, asks)
}

/// Gives back what the verdicts of `asks` took at `taken`.
pub fn give_back(
    plan: &RedisPlan,
    asks: &[Ask<'_>],
    taken: UnixMillis,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let command = script::give_back(plan, asks, taken, now, ByClock::Server);
    if command.keys.is_empty() {
        return Ok(());
    }
    evaluate(plan, &GIVE_BACK, parts(&command)).map(drop)
}

/// The value of `key`.
pub fn get(plan: &RedisPlan, key: &str) -> Result<Option<Bytes>, StoreError> {
    let replies = execute(plan, "GET", &[values::key(plan, key).into_bytes()])?;
    let value = replies.into_iter().find_map(|reply| match reply {
        Reply::Bytes(value) => Some(Bytes::from(value)),
        Reply::Number(_) | Reply::Other => None,
    });
    match value {
        Some(value) if value.len() > LONGEST_VALUE => {
            Err(StoreError { cause: format!("Redis at {}: the value is too long", plan.host) })
        }
        value => Ok(value),
    }
}

/// Sets `key`.
pub fn set(plan: &RedisPlan, key: &str, value: &[u8]) -> Result<(), StoreError> {
    execute(plan, "SET", &[values::key(plan, key).into_bytes(), value.to_vec()]).map(drop)
}

/// Sets `key`, which is gone after `keep`.
pub fn set_for(plan: &RedisPlan, key: &str, value: &[u8], keep: Duration) -> Result<(), StoreError> {
    let parts = [
        values::key(plan, key).into_bytes(),
        value.to_vec(),
        b"PX".to_vec(),
        lifetime(keep).to_string().into_bytes(),
    ];
    execute(plan, "SET", &parts).map(drop)
}

/// Sets `key` to `after`, for good or for `keep`, where it is `before`, and says whether it was.
pub fn swap(
    plan: &RedisPlan,
    key: &str,
    before: Option<&[u8]>,
    after: &[u8],
    keep: Option<Duration>,
) -> Result<bool, StoreError> {
    let mut parts = vec![b"1".to_vec(), values::key(plan, key).into_bytes()];
    parts.extend(values::swap_arguments(before, after, keep));
    match evaluate(plan, &SWAP, parts)?[..] {
        [Reply::Number(0)] => Ok(false),
        [Reply::Number(1)] => Ok(true),
        _ => Err(script::unexpected()),
    }
}

/// Removes `key`.
pub fn delete(plan: &RedisPlan, key: &str) -> Result<(), StoreError> {
    execute(plan, "DEL", &[values::key(plan, key).into_bytes()]).map(drop)
}

/// By its digest first; the whole script where the server does not have it.
fn evaluate(plan: &RedisPlan, script: &Script, mut parts: Vec<Vec<u8>>) -> Result<Vec<Reply>, StoreError> {
    parts.insert(0, script.digest.as_bytes().to_vec());
    match execute(plan, "EVALSHA", &parts) {
        // Spin gives errors in the words of its client, of whatever version.
        Err(error) if error.cause.to_ascii_lowercase().contains("noscript") => {
            parts[0] = script.text.as_bytes().to_vec();
            execute(plan, "EVAL", &parts)
        }
        evaluated => evaluated,
    }
}

/// What goes after a script's name.
fn parts(command: &Command) -> Vec<Vec<u8>> {
    let mut parts = vec![command.keys.len().to_string().into_bytes()];
    parts.extend(command.keys.iter().map(|key| key.as_bytes().to_vec()));
    parts.extend(command.arguments.iter().map(|argument| match argument {
        Argument::Word(word) => word.as_bytes().to_vec(),
        Argument::Number(number) => number.to_string().into_bytes(),
    }));
    parts
}

/// Where the server is and who asks, with the password as it is now: no plan has it.
#[cfg_attr(not(feature = "spin"), allow(dead_code, reason = "no other host has Redis"))]
fn address(plan: &RedisPlan) -> Result<String, StoreError> {
    let scheme = if plan.secure { "rediss" } else { "redis" };
    let host = if plan.host.contains(':') { format!("[{}]", plan.host) } else { plan.host.to_string() };
    let login = match &plan.password {
        None => String::new(),
        Some(name) => {
            let found = variables::get(name).map_err(|error| StoreError { cause: error.cause })?;
            let password =
                found.ok_or_else(|| StoreError { cause: format!("the variable {name} is not set") })?;
            let user = utf8_percent_encode(plan.username.as_deref().unwrap_or_default(), KEPT);
            format!("{user}:{}@", utf8_percent_encode(password.expose(), KEPT))
        }
    };
    Ok(format!("{scheme}://{login}{host}:{}/{}", plan.port, plan.database))
}

#[cfg(feature = "spin")]
fn execute(plan: &RedisPlan, command: &str, parts: &[Vec<u8>]) -> Result<Vec<Reply>, StoreError> {
    connection::execute(plan, command, parts)
}

#[cfg(not(feature = "spin"))]
fn execute(plan: &RedisPlan, _: &str, _: &[Vec<u8>]) -> Result<Vec<Reply>, StoreError> {
    Err(StoreError { cause: format!("Redis at {} cannot be reached outside Spin", plan.host) })
}

#[cfg(feature = "spin")]
mod connection {
    use std::cell::RefCell;
    use std::rc::Rc;

    use spin_sdk::redis::{Connection, Error, RedisParameter, RedisResult};

    use super::{RedisPlan, Reply, StoreError, address};

    thread_local! {
        static OPEN: RefCell<Vec<(RedisPlan, Rc<Connection>)>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn execute(
        plan: &RedisPlan,
        command: &str,
        parts: &[Vec<u8>],
    ) -> Result<Vec<Reply>, StoreError> {
        let parts: Vec<_> = parts.iter().cloned().map(RedisParameter::Binary).collect();
        let replies = open(plan)?.execute(command, &parts).map_err(|error| failed(plan, &error))?;
        Ok(replies
            .into_iter()
            .map(|reply| match reply {
                RedisResult::Int64(number) => Reply::Number(number),
                RedisResult::Binary(bytes) => Reply::Bytes(bytes),
                RedisResult::Nil | RedisResult::Status(_) => Reply::Other,
            })
            .collect())
    }

    fn open(plan: &RedisPlan) -> Result<Rc<Connection>, StoreError> {
        let found = |open: &Vec<(RedisPlan, Rc<Connection>)>| {
            open.iter().find(|(other, _)| other == plan).map(|(_, connection)| Rc::clone(connection))
        };
        if let Some(connection) = OPEN.with_borrow(found) {
            return Ok(connection);
        }
        let connection = Connection::open(&address(plan)?).map_err(|error| failed(plan, &error))?;
        let connection = Rc::new(connection);
        OPEN.with_borrow_mut(|open| open.push((plan.clone(), Rc::clone(&connection))));
        Ok(connection)
    }

    /// Never with the address, which has the password in it.
    fn failed(plan: &RedisPlan, error: &Error) -> StoreError {
        let why = match error {
            Error::InvalidAddress => "the host does not take its address",
            Error::TooManyConnections => "the host has too many connections",
            Error::TypeError => "a value is of another type",
            Error::Other(why) => why,
        };
        StoreError { cause: format!("Redis at {}: {why}", plan.host) }
    }
}
