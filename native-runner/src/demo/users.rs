//! The users service: `/users`, `/users/{id}`, and the next version of both under `/v2`; and `/accounts/{id}`, which is
//! for the user alone: that is for the gateway to check.

use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::latency;
use super::service::{Asked, Reply, error, json_reply};

/// The users there are.
#[derive(Debug)]
pub struct Users(Mutex<Vec<User>>);

#[derive(Debug, Clone)]
struct User {
    id: usize,
    name: String,
    email: String,
}

// === impl Users ===

impl Users {
    /// The first three.
    pub fn new() -> Self {
        let users = ["Ada Lovelace", "Grace Hopper", "Radia Perlman"];
        Self(Mutex::new(users.iter().zip(1..).map(|(name, id)| User::new(id, name)).collect()))
    }

    fn all(&self) -> Vec<User> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, name: &str) -> User {
        let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let user = User::new(users.len() + 1, name);
        users.push(user.clone());
        user
    }
}

impl Default for Users {
    fn default() -> Self {
        Self::new()
    }
}

impl User {
    fn new(id: usize, name: &str) -> Self {
        let first = name.split_whitespace().next().unwrap_or("user").to_lowercase();
        Self { id, name: name.to_owned(), email: format!("{first}@example.com") }
    }

    fn json(&self) -> Value {
        json!({ "id": self.id, "name": self.name, "email": self.email })
    }

    /// The next version has its names apart.
    fn json_v2(&self) -> Value {
        let (given, family) = self.name.split_once(' ').unwrap_or((&self.name, ""));
        json!({ "id": self.id, "name": { "given": given, "family": family }, "contact": { "email": self.email } })
    }

    /// What is nobody else's business.
    fn json_account(&self) -> Value {
        json!({ "id": self.id, "name": self.name, "delivery": "after six", "points": 120 * self.id })
    }
}

/// Answers.
pub async fn answer(users: Arc<Users>, asked: Asked) -> Reply {
    latency::about(12).await;
    match (asked.method.as_str(), asked.path().as_slice()) {
        ("GET", ["users"]) => list(&users, User::json),
        ("GET", ["v2", "users"]) => list(&users, User::json_v2),
        ("GET", ["users", id]) => one(&users, id, User::json),
        ("GET", ["v2", "users", id]) => one(&users, id, User::json_v2),
        ("GET", ["accounts", id]) => one(&users, id, User::json_account),
        ("POST", ["users"]) => create(&users, &asked),
        _ if asked.method == Method::GET => error(StatusCode::NOT_FOUND, "no such thing"),
        _ => error(StatusCode::METHOD_NOT_ALLOWED, "GET, or POST to /users"),
    }
}

fn list(users: &Users, form: fn(&User) -> Value) -> Reply {
    json_reply(StatusCode::OK, &users.all().iter().map(form).collect())
}

fn one(users: &Users, id: &str, form: fn(&User) -> Value) -> Reply {
    match users.all().iter().find(|user| user.id.to_string() == id) {
        Some(user) => json_reply(StatusCode::OK, &form(user)),
        None => error(StatusCode::NOT_FOUND, "no such user"),
    }
}

fn create(users: &Users, asked: &Asked) -> Reply {
    match asked.json()["name"].as_str() {
        Some(name) if !name.trim().is_empty() => {
            json_reply(StatusCode::CREATED, &users.add(name.trim()).json())
        }
        _ => error(StatusCode::UNPROCESSABLE_ENTITY, "a user needs a name"),
    }
}
