//! `fermyon:spin/redis`: the commands a guest sends, to a real Redis.

mod resp;

use crate::wasm_host::bindings::fermyon::spin::redis::{
    Error, Host, HostConnection, RedisParameter as Parameter, RedisResult,
};
use crate::wasm_host::state::State;
use resp::{Connection, Failure, Value};
use std::sync::Arc;
use tokio::sync::Mutex;
use wasmtime::component::Resource;

/// What a guest's `connection` handle stands for: one connection to one server, closed with the guest.
pub struct OpenConnection(Arc<Mutex<Connection>>);

type Outcome<T> = Result<T, Error>;

// === impl State ===

impl State {
    async fn command(&mut self, connection: &Resource<OpenConnection>, parts: &[&[u8]]) -> Outcome<Value> {
        let open = self.table.get(connection).map_err(|error| Error::Other(error.to_string()))?;
        let connection = Arc::clone(&open.0);
        let mut connection = connection.lock().await;
        Ok(connection.command(parts).await?)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Address => Self::InvalidAddress,
            Failure::Type => Self::TypeError,
            Failure::Other(text) => Self::Other(text),
        }
    }
}

impl Host for State {}

impl HostConnection for State {
    async fn open(&mut self, address: String) -> Outcome<Resource<OpenConnection>> {
        let target = resp::Address::parse(&address)?;
        if !self.outbound.allowed().allows("redis", &target.host, target.port) {
            return Err(Error::Other(String::from("this address is not among the allowed outbound hosts")));
        }
        let connection = OpenConnection(Arc::new(Mutex::new(Connection::open(&target).await?)));
        self.table.push(connection).map_err(|error| Error::Other(error.to_string()))
    }

    async fn publish(
        &mut self,
        to: Resource<OpenConnection>,
        channel: String,
        payload: Vec<u8>,
    ) -> Outcome<()> {
        self.command(&to, &[b"PUBLISH", channel.as_bytes(), &payload]).await.map(drop)
    }

    async fn get(&mut self, from: Resource<OpenConnection>, key: String) -> Outcome<Option<Vec<u8>>> {
        match self.command(&from, &[b"GET", key.as_bytes()]).await? {
            Value::Nil => Ok(None),
            Value::Binary(bytes) => Ok(Some(bytes)),
            _ => Err(Error::TypeError),
        }
    }

    async fn set(&mut self, to: Resource<OpenConnection>, key: String, value: Vec<u8>) -> Outcome<()> {
        self.command(&to, &[b"SET", key.as_bytes(), &value]).await.map(drop)
    }

    async fn incr(&mut self, at: Resource<OpenConnection>, key: String) -> Outcome<i64> {
        self.command(&at, &[b"INCR", key.as_bytes()]).await?.integer()
    }

    async fn del(&mut self, at: Resource<OpenConnection>, keys: Vec<String>) -> Outcome<u32> {
        self.command(&at, &parts(&[b"DEL"], &keys)).await?.count()
    }

    async fn sadd(&mut self, at: Resource<OpenConnection>, key: String, values: Vec<String>) -> Outcome<u32> {
        self.command(&at, &parts(&[b"SADD", key.as_bytes()], &values)).await?.count()
    }

    async fn smembers(&mut self, at: Resource<OpenConnection>, key: String) -> Outcome<Vec<String>> {
        self.command(&at, &[b"SMEMBERS", key.as_bytes()]).await?.strings()
    }

    async fn srem(&mut self, at: Resource<OpenConnection>, key: String, values: Vec<String>) -> Outcome<u32> {
        self.command(&at, &parts(&[b"SREM", key.as_bytes()], &values)).await?.count()
    }

    async fn execute(
        &mut self,
        at: Resource<OpenConnection>,
        command: String,
        arguments: Vec<Parameter>,
    ) -> Outcome<Vec<RedisResult>> {
        let arguments: Vec<Vec<u8>> = arguments.into_iter().map(text).collect();
        let mut parts = vec![command.as_bytes()];
        parts.extend(arguments.iter().map(Vec::as_slice));
        let mut flat = Vec::new();
        self.command(&at, &parts).await?.flatten(&mut flat);
        Ok(flat)
    }

    async fn drop(&mut self, connection: Resource<OpenConnection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

fn parts<'a>(first: &[&'a [u8]], rest: &'a [String]) -> Vec<&'a [u8]> {
    first.iter().copied().chain(rest.iter().map(String::as_bytes)).collect()
}

fn text(parameter: Parameter) -> Vec<u8> {
    match parameter {
        Parameter::Int64(number) => number.to_string().into_bytes(),
        Parameter::Binary(bytes) => bytes,
    }
}

// === impl Value ===

impl Value {
    fn integer(self) -> Outcome<i64> {
        if let Self::Integer(number) = self { Ok(number) } else { Err(Error::TypeError) }
    }

    fn count(self) -> Outcome<u32> {
        u32::try_from(self.integer()?).map_err(|_| Error::TypeError)
    }

    fn strings(self) -> Outcome<Vec<String>> {
        let Self::Array(members) = self else { return Err(Error::TypeError) };
        members.into_iter().map(Self::string).collect()
    }

    fn string(self) -> Outcome<String> {
        let Self::Binary(bytes) = self else { return Err(Error::TypeError) };
        String::from_utf8(bytes).map_err(|_| Error::TypeError)
    }

    /// Spin gives nested arrays as one list.
    fn flatten(self, into: &mut Vec<RedisResult>) {
        match self {
            Self::Nil => into.push(RedisResult::Nil),
            Self::Status(text) => into.push(RedisResult::Status(text)),
            Self::Integer(number) => into.push(RedisResult::Int64(number)),
            Self::Binary(bytes) => into.push(RedisResult::Binary(bytes)),
            Self::Array(values) => values.into_iter().for_each(|value| value.flatten(into)),
        }
    }
}
