//! Routes that take several requests in one.

use http::header::HeaderName;

use super::Action;
use super::compile::{Context, Pointer};
use crate::batch::{Batch, FIELDS};
use crate::config;

/// How many requests a batch may have where nothing is said, and at most: each is a whole request.
const MOST: (u32, u32) = (10, 100);

/// How many of them are under way at once where nothing is said.
const AT_ONCE: u32 = 4;

/// The largest batch and the largest answer to one request of it, in bytes, where nothing is said.
const BODY: u64 = 256 << 10;
const ANSWER: u64 = 1 << 20;

/// The largest of both that may be said, in bytes: all of it is in memory.
const LARGEST: u64 = 64 << 20;

/// Fields that say who calls or where a request came from. A client must not be believed about that only because its batch
/// came through a proxy that is.
const OF_PROXIES: [&str; 6] =
    ["forwarded", "via", "client-cert", "client-cert-chain", "x-real-ip", "true-client-ip"];

impl Context<'_> {
    /// A route that takes several requests in one.
    pub(super) fn batch(
        &mut self,
        at: &Pointer,
        written: &config::Batch,
        methods: &[String],
    ) -> Option<Action> {
        if methods.iter().any(|method| method != "POST") || methods.is_empty() {
            self.error(at, "a batch is a POST").help("match = { methods = [\"POST\"] }");
        }
        let most = self.within(&at.key("most"), written.most, MOST);
        let at_once = self.within(&at.key("at_once"), written.at_once, (AT_ONCE, MOST.1));
        let body = self.of_memory(&at.key("body"), written.body.as_ref(), BODY);
        let answer = self.of_memory(&at.key("answer"), written.answer.as_ref(), ANSWER);
        let mut fields: Vec<_> = FIELDS.map(HeaderName::from_static).into();
        for (name, at) in written.headers.iter().zip(at.key("headers").indices()) {
            let Some(field) = self.editable(&at, name) else { continue };
            let of_proxies = OF_PROXIES.contains(&field.as_str())
                || ["x-forwarded-", "spin-"].iter().any(|prefix| field.as_str().starts_with(prefix));
            if of_proxies {
                self.error(
                    &at,
                    format!("{field} says where a request came from, and clients do not say that"),
                );
            }
            fields.push(field);
        }
        fields.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        fields.dedup();
        let fields = fields.into();
        Some(Action::Batch(Box::new(Batch { most, at_once, body, answer, fields })))
    }

    fn within(&mut self, at: &Pointer, written: Option<u32>, (usual, most): (u32, u32)) -> usize {
        let number = written.unwrap_or(usual);
        if number == 0 || number > most {
            self.error(at, format!("{number} is not 1 to {most}"));
        }
        usize::try_from(number).unwrap_or(usize::MAX)
    }

    fn of_memory(&mut self, at: &Pointer, written: Option<&config::SizeText>, usual: u64) -> u64 {
        let size = written.map_or(usual, |size| self.size(at, size));
        if size > LARGEST {
            self.error(at, "this is held in memory, and may have 64 MiB at most");
        }
        size
    }
}
