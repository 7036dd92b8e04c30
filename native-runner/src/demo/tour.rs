//! The tour: what there is to see, as `curl` lines. The same table is what `native-runner/tests/demo.rs` tries, so
//! that no line is printed that does not do what it says.

use std::net::SocketAddr;

use crate::paint::Paint;

mod stops;

use stops::GROUPS;

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
    /// How often in a row; `status` and `contains` are of the last answer.
    pub times: usize,
    /// The answer's status.
    pub status: u16,
    /// What stands in the answer, head or body; none of it changes from time to time.
    pub contains: &'static [&'static str],
}

/// Things to see that belong together.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// Its lines.
    pub stops: &'static [Stop],
}

/// Everything there is to see, in order.
pub fn stops() -> impl Iterator<Item = &'static Stop> {
    GROUPS.iter().flat_map(|group| group.stops)
}

/// The tour as text, for a gateway at `address`.
pub fn text(address: SocketAddr, paint: Paint) -> String {
    let mut text = paint.strong("A tour. Each line works when pasted into another terminal:");
    text.push('\n');
    for group in &GROUPS {
        text.push_str(&format!("\n{}\n", paint.strong(group.title)));
        for stop in group.stops {
            let comment = format!("# {} ({})", stop.shows, stop.status);
            text.push_str(&format!("\n  {}\n  {}\n", paint.faint(&comment), stop.curl(address)));
        }
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
        // curl asks once for each number of a range, on one connection.
        let range = if self.times > 1 { format!("?try=[1-{}]", self.times) } else { String::new() };
        let quote = if self.target.contains(['?', '&']) || self.times > 1 { "'" } else { "" };
        format!("{line} {quote}http://{address}{}{range}{quote}", self.target)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn lines_need_no_escaping_in_a_shell() {
        for stop in stops() {
            let given = stop.headers.iter().flat_map(|(name, value)| [*name, *value]).chain(stop.body);
            assert!(given.chain([stop.target]).all(|text| !text.contains('\'')), "{stop:?}");
            assert!(
                stop.target.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/?=&%.-".contains(&byte))
            );
        }
    }

    #[test]
    fn several_times_are_a_range() {
        let several = stops().find(|stop| stop.times > 1).unwrap();
        let line = several.curl(SocketAddr::from(([127, 0, 0, 1], 8080)));
        assert_eq!(line, "curl -i 'http://127.0.0.1:8080/tickets?try=[1-3]'");
    }

    #[test]
    fn a_line() {
        let post = stops().find(|stop| stop.method == "POST").unwrap();
        let line = post.curl(SocketAddr::from(([127, 0, 0, 1], 8080)));
        assert_eq!(
            line,
            "curl -i -H 'Content-Type: application/json' -d '{\"user\": 2, \"product\": 3}' http://127.0.0.1:8080/orders"
        );
    }
}
