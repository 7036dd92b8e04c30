//! Redis, by Spin's outbound Redis; elsewhere there is none, and the plan asks for none.
//!
//! An instance has one connection to a server, opened when it is needed first. How long that and each command may take
//! is for the host to say.

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::variables;
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

/// What stands in a user's name or a password as it is (RFC 3986 section 2.3).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Judges `asks` together: one script.
pub fn count(plan: &RedisPlan, asks: &mut [Ask<'_>], now: UnixMillis) -> Result<(), StoreError> {
    let command = script::command(plan, asks, now, ByClock::Server)?;
    let numbers: Vec<_> = evaluate(plan, &DECIDE, &command)?
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
    evaluate(plan, &GIVE_BACK, &command).map(drop)
}

/// The value of `key`.
pub fn get(plan: &RedisPlan, key: &str) -> Result<Option<Bytes>, StoreError> {
    let replies = execute(plan, "GET", &[script::value_key(plan, key).into_bytes()])?;
    Ok(replies.into_iter().find_map(|reply| match reply {
        Reply::Bytes(value) => Some(Bytes::from(value)),
        Reply::Number(_) | Reply::Other => None,
    }))
}

/// Sets `key`.
pub fn set(plan: &RedisPlan, key: &str, value: &[u8]) -> Result<(), StoreError> {
    execute(plan, "SET", &[script::value_key(plan, key).into_bytes(), value.to_vec()]).map(drop)
}

/// Removes `key`.
pub fn delete(plan: &RedisPlan, key: &str) -> Result<(), StoreError> {
    execute(plan, "DEL", &[script::value_key(plan, key).into_bytes()]).map(drop)
}

/// By its digest first; the whole script where the server does not have it.
fn evaluate(plan: &RedisPlan, script: &Script, command: &Command) -> Result<Vec<Reply>, StoreError> {
    match execute(plan, "EVALSHA", &parts(script.digest, command)) {
        // Spin gives errors in the words of its client, of whatever version.
        Err(error) if error.cause.to_ascii_lowercase().contains("noscript") => {
            execute(plan, "EVAL", &parts(script.text, command))
        }
        evaluated => evaluated,
    }
}

fn parts(script: &str, command: &Command) -> Vec<Vec<u8>> {
    let mut parts = vec![script.as_bytes().to_vec(), command.keys.len().to_string().into_bytes()];
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
