//! The orders service: `/orders`, by user; `/orders/{id}`; its changes as they happen; and a slow invoice. Behind the
//! gateway's checks of who calls, `/payments` of a user, and `/partner-orders` of whom the gateway names in `X-Consumer`.

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

/// What partners have ordered: who, the product, and how many.
const PARTNER_ORDERS: [(&str, u64, u64); 3] = [("acme", 1, 200), ("acme", 5, 150), ("globex", 3, 1000)];

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
    /// The first five. One user has ordered something twice.
    pub fn new() -> Self {
        let orders = [(1, 3, 2), (1, 1, 4), (2, 4, 1), (3, 5, 1), (1, 3, 6)];
        let order = |((user, product, quantity), id)| Order { id, user, product, quantity };
        Self(Mutex::new(orders.into_iter().zip(1001..).map(order).collect()))
    }

    fn all(&self) -> Vec<Order> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Those of a user, or all.
    fn of(&self, user: Option<&str>) -> Vec<Order> {
        let wanted = |order: &Order| user.is_none_or(|user| order.user.to_string() == user);
        self.all().into_iter().filter(wanted).collect()
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
        ("GET", ["payments"]) => payments(&orders, asked.query("user")),
        ("GET", ["partner-orders"]) => partner_orders(&asked),
        _ if asked.method == Method::GET => error(StatusCode::NOT_FOUND, "no such thing"),
        _ => error(StatusCode::METHOD_NOT_ALLOWED, "GET, or POST to /orders"),
    }
}

fn list(orders: &Orders, user: Option<&str>) -> Reply {
    json_reply(StatusCode::OK, &orders.of(user).iter().map(Order::json).collect())
}

fn payments(orders: &Orders, user: Option<&str>) -> Reply {
    let payment = |order: &Order| json!({ "order": order.id, "card": "ends in 4242" });
    json_reply(StatusCode::OK, &orders.of(user).iter().map(payment).collect())
}

/// Believes these fields, as a service may that only its gateway can reach: it removes what clients send as such.
fn partner_orders(asked: &Asked) -> Reply {
    let Some(partner) = asked.header("x-consumer") else {
        return error(StatusCode::FORBIDDEN, "the gateway names no partner");
    };
    let theirs = PARTNER_ORDERS.iter().filter(|(name, ..)| *name == partner);
    let orders: Value =
        theirs.map(|(_, product, quantity)| json!({ "product": product, "quantity": quantity })).collect();
    let region = asked.header("x-region");
    json_reply(StatusCode::OK, &json!({ "partner": partner, "region": region, "orders": orders }))
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
