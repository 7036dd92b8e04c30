//! The catalog service: `/products`, with search; `/products/{id}`; `/products.csv`; pictures; and `/recommendations/{user}`,
//! which for one user takes longer than anybody should wait.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, HeaderValue};
use http::{Method, StatusCode};

use super::latency;
use super::service::{Asked, Reply, error, text};

/// The user whose recommendations nobody has thought of yet, and how long that takes.
const HARD_TO_PLEASE: (&str, Duration) = ("2", Duration::from_secs(4));

/// What is for sale never changes.
#[derive(Debug, Clone, Copy)]
pub struct Catalog;

struct Product {
    id: u32,
    name: &'static str,
    cents: u32,
    picture: &'static str,
    colour: &'static str,
}

const PRODUCTS: [Product; 5] = [
    Product { id: 1, name: "Enamel mug", cents: 1450, picture: "mug", colour: "#c2410c" },
    Product { id: 2, name: "Travel mug", cents: 2300, picture: "travel-mug", colour: "#0f766e" },
    Product { id: 3, name: "Notebook", cents: 900, picture: "notebook", colour: "#1d4ed8" },
    Product { id: 4, name: "Desk lamp", cents: 5900, picture: "lamp", colour: "#a16207" },
    Product { id: 5, name: "Tote bag", cents: 1800, picture: "bag", colour: "#6d28d9" },
];

// === impl Product ===

impl Product {
    /// Written out, because the price is an exact decimal: `18.00`, where a number of the machine would be `18.0`.
    fn json(&self) -> String {
        let Self { id, name, picture, .. } = self;
        let price = self.price();
        format!(
            r#"{{"id":{id},"name":"{name}","price":{price},"currency":"EUR","image":"/images/{picture}.svg"}}"#
        )
    }

    fn price(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }

    fn svg(&self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 160 90\" role=\"img\" aria-label=\"{name}\">\
             <rect width=\"160\" height=\"90\" rx=\"8\" fill=\"{colour}\"/>\
             <text x=\"80\" y=\"50\" fill=\"#fff\" font-family=\"sans-serif\" font-size=\"16\" text-anchor=\"middle\">\
             {name}</text></svg>\n",
            name = self.name,
            colour = self.colour,
        )
    }
}

/// Answers.
pub async fn answer(_: Arc<Catalog>, asked: Asked) -> Reply {
    latency::about(6).await;
    if asked.method != Method::GET {
        return error(StatusCode::METHOD_NOT_ALLOWED, "only GET");
    }
    match asked.path().as_slice() {
        ["products"] => kept(search(asked.query("search").unwrap_or_default()).await, "catalog"),
        ["products.csv"] => text(StatusCode::OK, "text/csv; charset=utf-8", csv()),
        ["products", id] => match PRODUCTS.iter().find(|product| product.id.to_string() == *id) {
            Some(product) => kept(json(product.json()), &format!("catalog product-{}", product.id)),
            None => error(StatusCode::NOT_FOUND, "no such product"),
        },
        ["recommendations", user] => recommendations(user).await,
        ["images", file] => {
            match PRODUCTS.iter().find(|product| file.strip_suffix(".svg") == Some(product.picture)) {
                Some(product) => text(StatusCode::OK, "image/svg+xml", product.svg()),
                None => error(StatusCode::NOT_FOUND, "no such picture"),
            }
        }
        _ => error(StatusCode::NOT_FOUND, "no such thing"),
    }
}

/// Says for how long the answer is good, and under which tags it can be purged before.
fn kept(mut reply: Reply, tags: &str) -> Reply {
    let headers = reply.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
    if let Ok(tags) = HeaderValue::from_str(tags) {
        headers.insert("surrogate-key", tags);
    }
    reply
}

/// Looking through everything takes longer than listing it.
async fn search(words: &str) -> Reply {
    if !words.is_empty() {
        latency::about(25).await;
    }
    let words = words.to_lowercase();
    let found = PRODUCTS.iter().filter(|product| product.name.to_lowercase().contains(&words));
    list(found)
}

/// The two of the catalog that stand behind the user's number.
async fn recommendations(user: &str) -> Reply {
    if user == HARD_TO_PLEASE.0 {
        tokio::time::sleep(HARD_TO_PLEASE.1).await;
    }
    let skipped = user.parse().unwrap_or(0usize) % PRODUCTS.len();
    list(PRODUCTS.iter().cycle().skip(skipped).take(2))
}

fn list<'p>(products: impl Iterator<Item = &'p Product>) -> Reply {
    json(format!("[{}]", products.map(Product::json).collect::<Vec<_>>().join(",")))
}

fn json(value: String) -> Reply {
    text(StatusCode::OK, "application/json", value + "\n")
}

fn csv() -> String {
    let mut text = "id,name,price\r\n".to_owned();
    for product in &PRODUCTS {
        // Writing to a string cannot fail.
        let _ = write!(text, "{},{},{} EUR\r\n", product.id, product.name, product.price());
    }
    text
}
