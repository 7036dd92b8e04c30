//! Spin's own interfaces: key-value and variables.

use crate::{query, status, text};
use spin_sdk::key_value::Store;
use spin_sdk::redis::{Connection, RedisParameter};
use spin_sdk::variables;
use wstd::http::{Body, Error, Request, Response, StatusCode};

/// `?do=get|set|delete|exists|list`, with `key`, `value` and `store`.
pub fn key_value(request: &Request<Body>) -> Result<Response<Body>, Error> {
    let (key, label) = (query(request, "key"), query(request, "store"));
    let label = if label.is_empty() { "default" } else { &label };
    let store = match Store::open(label) {
        Ok(store) => store,
        Err(error) => return status(StatusCode::FORBIDDEN, format!("{error:?}")),
    };
    match query(request, "do").as_str() {
        "get" => match store.get(&key)? {
            Some(value) => Ok(Response::new(value.into())),
            None => status(StatusCode::NOT_FOUND, String::new()),
        },
        "set" => text(format!("{:?}", store.set(&key, query(request, "value").as_bytes()))),
        "delete" => text(format!("{:?}", store.delete(&key))),
        "exists" => text(store.exists(&key)?.to_string()),
        "list" => text(store.get_keys()?.join(",")),
        other => status(StatusCode::BAD_REQUEST, format!("do={other}?")),
    }
}

/// `?name=`: the value, or the error as text with 404.
pub fn variable(request: &Request<Body>) -> Result<Response<Body>, Error> {
    match variables::get(&query(request, "name")) {
        Ok(value) => text(value),
        Err(error) => status(StatusCode::NOT_FOUND, format!("{error:?}")),
    }
}

/// `?address=` with `command` and `arguments` (separated by commas; a number is sent as one): the results as text.
pub fn redis(request: &Request<Body>) -> Result<Response<Body>, Error> {
    let connection = match Connection::open(&query(request, "address")) {
        Ok(connection) => connection,
        Err(error) => return status(StatusCode::BAD_GATEWAY, format!("{error:?}")),
    };
    let all = query(request, "arguments");
    let arguments: Vec<_> = all.split(',').filter(|part| !part.is_empty()).map(parameter).collect();
    text(format!("{:?}", connection.execute(&query(request, "command"), &arguments)))
}

fn parameter(text: &str) -> RedisParameter {
    match text.parse() {
        Ok(number) => RedisParameter::Int64(number),
        Err(_) => RedisParameter::Binary(text.as_bytes().to_vec()),
    }
}
