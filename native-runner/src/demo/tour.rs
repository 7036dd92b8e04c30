//! The tour: what there is to see, as `curl` lines. The same table is what `native-runner/tests/demo.rs` tries, so
//! that no line is printed that does not do what it says.

use std::net::SocketAddr;

use crate::paint::Paint;

/// One thing to see.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// What it shows.
    pub shows: &'static str,
    /// The method.
    pub method: &'static str,
    /// Path and query.
    pub target: &'static str,
    /// Header fields.
    pub headers: &'static [(&'static str, &'static str)],
    /// The body.
    pub body: Option<&'static str>,
    /// The answer's status.
    pub status: u16,
    /// What stands in the answer, head or body; none of it changes from time to time.
    pub contains: &'static [&'static str],
}

const fn get(
    shows: &'static str,
    target: &'static str,
    status: u16,
    contains: &'static [&'static str],
) -> Stop {
    Stop { shows, method: "GET", target, headers: &[], body: None, status, contains }
}

/// The tour, in order.
pub const STOPS: [Stop; 17] = [
    get("a service behind a prefix", "/users", 200, &["Ada Lovelace", "server-timing: gateway;dur="]),
    Stop {
        headers: &[("X-Beta", "yes")],
        ..get(
            "the same address, chosen by a header: the next version",
            "/users/2",
            200,
            &["\"family\":\"Hopper\""],
        )
    },
    get(
        "chosen by a query parameter: another form",
        "/products?format=csv",
        200,
        &["text/csv", "1,Enamel mug"],
    ),
    Stop {
        headers: &[("Host", "shop.localhost")],
        ..get("chosen by host, and rewritten to /products/3", "/3", 200, &["\"name\":\"Notebook\""])
    },
    get("one service's path, answered by another", "/users/1/orders", 200, &["\"id\":1001", "\"id\":1002"]),
    get("an old prefix that lives on", "/legacy/shop?search=mug", 200, &["Enamel mug", "Travel mug"]),
    get("a picture, with a field added on its way back", "/images/mug.svg", 200, &["max-age=3600", "<svg"]),
    get("moved for good", "/people/2", 308, &["/users/2"]),
    get("answered without any service", "/status", 200, &["{\"status\":\"open\"}"]),
    Stop {
        method: "POST",
        headers: &[("Content-Type", "application/json")],
        body: Some("{\"user\": 2, \"product\": 3}"),
        ..get("a body on its way through", "/orders", 201, &["\"quantity\":1"])
    },
    get("events as they happen", "/orders/1001/events", 200, &["text/event-stream", "received", "delivered"]),
    Stop { method: "HEAD", ..get("HEAD, through GET", "/users/1", 200, &["content-type: application/json"]) },
    Stop {
        method: "OPTIONS",
        ..get("what may be done here", "/users", 204, &["allow: GET, HEAD, OPTIONS, POST"])
    },
    Stop {
        method: "DELETE",
        ..get("and what may not", "/users/1", 405, &["allow: GET, HEAD, OPTIONS, POST", "method-not-allowed"])
    },
    get("an answer that takes too long", "/orders/1001/invoice", 504, &["upstream-timeout", "proxy-status:"]),
    get(
        "a path that servers read differently",
        "/users/1%2Forders",
        400,
        &["ambiguous-path", "encoded_slash"],
    ),
    Stop {
        headers: &[
            ("X-Request-Id", "my-first-request"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ],
        ..get(
            "your own request id and trace, in the answer and in the log",
            "/status",
            200,
            &["my-first-request"],
        )
    },
];

/// The tour as text, for a gateway at `address`.
pub fn text(address: SocketAddr, paint: Paint) -> String {
    let mut text = paint.strong("A tour. Each line works when pasted into another terminal:");
    text.push('\n');
    for stop in &STOPS {
        let comment = format!("# {} ({})", stop.shows, stop.status);
        text.push_str(&format!("\n  {}\n  {}\n", paint.faint(&comment), stop.curl(address)));
    }
    text
}

// === impl Stop ===

impl Stop {
    /// The line that shows it.
    pub fn curl(&self, address: SocketAddr) -> String {
        let mut line = "curl -i".to_owned();
        match (self.method, self.body) {
            ("HEAD", _) => line = "curl -I".to_owned(),
            ("GET", _) | ("POST", Some(_)) => {}
            (method, _) => line.push_str(&format!(" -X {method}")),
        }
        if self.contains.contains(&"text/event-stream") {
            line.push_str(" -N");
        }
        for (name, value) in self.headers {
            line.push_str(&format!(" -H '{name}: {value}'"));
        }
        if let Some(body) = self.body {
            line.push_str(&format!(" -d '{body}'"));
        }
        let quote = if self.target.contains(['?', '&']) { "'" } else { "" };
        format!("{line} {quote}http://{address}{}{quote}", self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_need_no_escaping_in_a_shell() {
        for stop in &STOPS {
            let given = stop.headers.iter().flat_map(|(name, value)| [*name, *value]).chain(stop.body);
            assert!(given.chain([stop.target]).all(|text| !text.contains('\'')), "{stop:?}");
            assert!(
                stop.target.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/?=&%.-".contains(&byte))
            );
        }
    }

    #[test]
    fn a_line() {
        let line = STOPS[9].curl(SocketAddr::from(([127, 0, 0, 1], 8080)));
        assert_eq!(
            line,
            "curl -i -H 'Content-Type: application/json' -d '{\"user\": 2, \"product\": 3}' http://127.0.0.1:8080/orders"
        );
    }
}
