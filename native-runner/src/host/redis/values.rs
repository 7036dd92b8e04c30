//! The key-value store in Redis. Under each label it is the same store: what is kept is found by its key alone, by every
//! host that has this Redis.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::try_join_all;
use redis::Value;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo, SingleNodeRoutingInfo};
use tollgate::host::UnixMillis;
use tollgate::host::values::{self, SWAP, lifetime};

use super::connect::Question;
use super::{Redis, is_unknown_script};
use crate::host::store::{Entry, LONGEST_VALUE, StoreError, checked};

/// How many keys a server looks at in one step of a list, in which it does nothing else: well under a millisecond.
const STEP: usize = 1_000;

/// How many keys more than a page are remembered, for those whose value is gone when it is read.
const SPARE: usize = 16;

/// How many values are asked for at once, so that what arrives is bounded too.
const AT_ONCE: usize = 64;

// === impl Redis ===

impl Redis {
    /// The value of `key`, where there is one.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut command = redis::cmd("GET");
        command.arg(values::key(self.plan(), key));
        match self.value(Question::Plain(command)).await? {
            Value::Nil => Ok(None),
            Value::BulkString(value) if value.len() <= LONGEST_VALUE => Ok(Some(value)),
            _ => Err(unexpected("GET")),
        }
    }

    /// Sets `key`, until `expires` where that is said.
    pub async fn set(&self, key: &str, value: &[u8], expires: Option<UnixMillis>) -> Result<(), StoreError> {
        checked(key, value)?;
        let mut command = redis::cmd("SET");
        command.arg(values::key(self.plan(), key)).arg(value);
        if let Some(UnixMillis(moment)) = expires {
            // Redis takes no moment that is not after 1970.
            command.arg("PXAT").arg(moment.clamp(1, i64::MAX.unsigned_abs()));
        }
        match self.value(Question::Plain(command)).await? {
            Value::Okay => Ok(()),
            _ => Err(unexpected("SET")),
        }
    }

    /// Sets `key`, which is gone after `keep`, by the server's clock.
    pub async fn set_for(&self, key: &str, value: &[u8], keep: Duration) -> Result<(), StoreError> {
        checked(key, value)?;
        let mut command = redis::cmd("SET");
        command.arg(values::key(self.plan(), key)).arg(value).arg("PX").arg(lifetime(keep));
        match self.value(Question::Plain(command)).await? {
            Value::Okay => Ok(()),
            _ => Err(unexpected("SET")),
        }
    }

    /// Sets `key` to `after`, for good or for `keep`, where it is `before` (`None`: where there is none), and says whether
    /// it was.
    pub async fn swap(
        &self,
        key: &str,
        before: Option<&[u8]>,
        after: &[u8],
        keep: Option<Duration>,
    ) -> Result<bool, StoreError> {
        checked(key, after)?;
        let (key, arguments) = (values::key(self.plan(), key), values::swap_arguments(before, after, keep));
        let call = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(1).arg(&key).arg(&arguments[..]);
            Question::Plain(command)
        };
        let answered = match self.ask(call("EVALSHA", SWAP.digest)).await {
            Err(error) if is_unknown_script(&error) => self.ask(call("EVAL", SWAP.text)).await,
            answered => answered,
        };
        match answered.map_err(|error| StoreError(self.failed(&error).cause))? {
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            _ => Err(unexpected("EVAL")),
        }
    }

    /// Takes `key` away, and says whether there was one.
    pub async fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let mut command = redis::cmd("DEL");
        command.arg(values::key(self.plan(), key));
        match self.value(Question::Plain(command)).await? {
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            _ => Err(unexpected("DEL")),
        }
    }

    /// What is there under keys that begin with `prefix`, in the order of the keys: those after `after`, and `limit` at
    /// most. Redis has no such order, and is asked for all its keys: for the operator, and not for requests.
    pub async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut found =
            Found { prefix: values::key(self.plan(), ""), after, most: limit + SPARE, keys: BTreeSet::new() };
        let pattern = format!("{}*", escaped(&values::key(self.plan(), prefix)));
        for (node, first) in self.begin_scan(&pattern).await? {
            let mut cursor = found.take(first)?;
            while cursor != b"0" {
                let step = self.value(scan(&cursor, &pattern, node.clone())).await?;
                cursor = found.take(step)?;
            }
        }
        let keys: Vec<_> = found.keys.into_iter().collect();
        let mut entries = Vec::new();
        for keys in keys.chunks(AT_ONCE) {
            let values = try_join_all(keys.iter().map(|key| self.get(key))).await?;
            let there = keys.iter().zip(values).filter_map(|(key, value)| Some((key.clone(), value?)));
            entries.extend(there.map(|(key, value)| Entry { key, value }));
        }
        entries.truncate(limit);
        Ok(entries)
    }

    /// The first step of each server that has keys, and how the next is asked of it.
    async fn begin_scan(&self, pattern: &str) -> Result<Vec<(Option<RoutingInfo>, Value)>, StoreError> {
        if !self.plan().cluster {
            return Ok(vec![(None, self.value(scan(b"0", pattern, None)).await?)]);
        }
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let Value::Map(nodes) = self.value(scan(b"0", pattern, Some(all))).await? else {
            return Err(unexpected("SCAN"));
        };
        let node = |(address, first): (Value, Value)| {
            let Value::BulkString(address) = address else { return None };
            let address = String::from_utf8(address).ok()?;
            let (host, port) = address.rsplit_once(':')?;
            let node = SingleNodeRoutingInfo::ByAddress { host: host.to_owned(), port: port.parse().ok()? };
            Some((Some(RoutingInfo::SingleNode(node)), first))
        };
        nodes.into_iter().map(node).collect::<Option<_>>().ok_or_else(|| unexpected("SCAN"))
    }

    async fn value(&self, question: Question) -> Result<Value, StoreError> {
        self.ask(question).await.map_err(|error| StoreError(self.failed(&error).cause))
    }
}

/// The keys that a list has come upon.
struct Found<'a> {
    prefix: String,
    after: Option<&'a str>,
    most: usize,
    keys: BTreeSet<String>,
}

impl Found<'_> {
    /// Takes what one step brought, and says where the next begins.
    fn take(&mut self, step: Value) -> Result<Vec<u8>, StoreError> {
        let Value::Array(step) = step else { return Err(unexpected("SCAN")) };
        let Ok([Value::BulkString(cursor), Value::Array(keys)]) = <[Value; 2]>::try_from(step) else {
            return Err(unexpected("SCAN"));
        };
        for key in keys {
            let Value::BulkString(key) = key else { return Err(unexpected("SCAN")) };
            // What is not text is not ours.
            let Ok(key) = String::from_utf8(key) else { continue };
            let Some(key) = key.strip_prefix(&self.prefix) else { continue };
            if self.after.is_none_or(|after| key > after) {
                self.keys.insert(key.to_owned());
            }
            if self.keys.len() > self.most {
                self.keys.pop_last();
            }
        }
        Ok(cursor)
    }
}

fn scan(cursor: &[u8], pattern: &str, node: Option<RoutingInfo>) -> Question {
    let mut command = redis::cmd("SCAN");
    command.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(STEP);
    match node {
        None => Question::Plain(command),
        Some(node) => Question::Routed(command, node),
    }
}

/// A pattern that matches just this (<https://redis.io/docs/latest/commands/keys/>).
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '^' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

fn unexpected(command: &str) -> StoreError {
    StoreError(format!("Redis answered something else than {command} does"))
}
