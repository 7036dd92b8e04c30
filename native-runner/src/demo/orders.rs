//! The orders service: `/orders`, by user; `/orders/{id}`; its changes as they happen; and a slow invoice.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::events::Events;
use super::latency;
use super::service::{Asked, Reply, error, events, json_reply};

/// How long an invoice takes: longer than anybody should wait.
const INVOICE: Duration = Duration::from_secs(4);
/// How long an order stays in each state.
const PAUSE: Duration = Duration::from_millis(700);
/// What becomes of an order.
const STATES: [&str; 5] = ["received", "paid", "packed", "shipped", "delivered"];

/// The orders there are.
#[derive(Debug)]
pub struct Orders(Mutex<Vec<Order>>);

#[derive(Debug, Clone)]
struct Order {
    id: u64,
    user: u64,
    product: u64,
    quantity: u64,
}

// === impl Orders ===

impl Orders {
    /// The first four.
    pub fn new() -> Self {
        let orders = [(1, 3, 2), (1, 1, 4), (2, 4, 1), (3, 5, 1)];
        let order = |((user, product, quantity), id)| Order { id, user, product, quantity };
        Self(Mutex::new(orders.into_iter().zip(1001..).map(order).collect()))
    }

    fn all(&self) -> Vec<Order> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn find(&self, id: &str) -> Option<Order> {
        self.all().into_iter().find(|order| order.id.to_string() == id)
    }

    fn add(&self, user: u64, product: u64, quantity: u64) -> Order {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let order = Order { id: 1001 + orders.len() as u64, user, product, quantity };
        orders.push(order.clone());
        order
    }
}

impl Default for Orders {
    fn default() -> Self {
        Self::new()
    }
}

impl Order {
    fn json(&self) -> Value {
        json!({ "id": self.id, "user": self.user, "product": self.product, "quantity": self.quantity })
    }
}

/// Answers.
pub async fn answer(orders: Arc<Orders>, asked: Asked) -> Reply {
    latency::about(18).await;
    match (asked.method.as_str(), asked.path().as_slice()) {
        ("GET", ["orders"]) => list(&orders, asked.query("user")),
        ("POST", ["orders"]) => create(&orders, &asked.json()),
        ("GET", ["orders", id, rest @ ..]) => match (orders.find(id), rest) {
            (Some(order), []) => json_reply(StatusCode::OK, &order.json()),
            (Some(order), ["events"]) => events(Events::new(changes(&order), PAUSE)),
            (Some(order), ["invoice"]) => invoice(&order).await,
            _ => error(StatusCode::NOT_FOUND, "no such order"),
        },
        _ if asked.method == Method::GET => error(StatusCode::NOT_FOUND, "no such thing"),
        _ => error(StatusCode::METHOD_NOT_ALLOWED, "GET, or POST to /orders"),
    }
}

fn list(orders: &Orders, user: Option<&str>) -> Reply {
    let all = orders.all();
    let wanted = all.iter().filter(|order| user.is_none_or(|user| order.user.to_string() == user));
    json_reply(StatusCode::OK, &wanted.map(Order::json).collect())
}

fn create(orders: &Orders, wanted: &Value) -> Reply {
    match (wanted["user"].as_u64(), wanted["product"].as_u64()) {
        (Some(user), Some(product)) => {
            let quantity = wanted["quantity"].as_u64().unwrap_or(1);
            json_reply(StatusCode::CREATED, &orders.add(user, product, quantity).json())
        }
        _ => error(StatusCode::UNPROCESSABLE_ENTITY, "an order needs a user and a product, both numbers"),
    }
}

fn changes(order: &Order) -> Vec<String> {
    let id = order.id;
    let event = |(state, number): (&&str, usize)| {
        format!("id: {number}\nevent: status\ndata: {}\n\n", json!({ "order": id, "status": state }))
    };
    STATES.iter().zip(1..).map(event).collect()
}

async fn invoice(order: &Order) -> Reply {
    tokio::time::sleep(INVOICE).await;
    json_reply(StatusCode::OK, &json!({ "order": order.id, "total": "18.00 EUR" }))
}
