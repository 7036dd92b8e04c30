//! What a case says: plain serde types, one file a story. `docs/testing.md` is the reference for authors.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::upstream::Fault;
use crate::config::Document;

mod coded;
pub mod expect;
pub mod message;
#[cfg(feature = "author")]
pub mod read;
pub mod scalar;
pub mod script;
pub mod token;

pub use expect::{Answer, Asked, Pattern};
pub use message::{Reply, Request};
pub use scalar::{Size, Span};
pub use token::Token;

/// One story: a configuration, what the upstreams answer, and what happens step by step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case shows, in one sentence.
    pub story: String,
    /// Hosts to which the case is limited, and why. Default: every host.
    #[serde(default)]
    pub only: Option<Only>,
    /// The configuration, written here. Exactly one of `config` and `directory`.
    #[serde(default)]
    pub config: Option<Document>,
    /// The configuration's directory, relative to the case file.
    #[serde(default)]
    pub directory: Option<String>,
    /// The variables' values. One that is not here is not set.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What the key-value store holds when the story begins, by key. Needs `store` in the configuration.
    #[serde(default)]
    pub stored: BTreeMap<String, String>,
    /// What upstreams answer, by their names in the configuration: each reply once, in order, then the last again and
    /// again. An upstream that is not here answers 200 with its own name.
    #[serde(default)]
    pub upstreams: BTreeMap<String, Vec<Reply>>,
    /// Tokens that clients hold, by the names by which requests have them.
    #[serde(default)]
    pub tokens: BTreeMap<String, Token>,
    /// That the configuration is refused.
    #[serde(default)]
    pub refused: Option<Refused>,
    /// What happens, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// Hosts to which a case is limited.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// The hosts.
    pub hosts: Vec<HostKind>,
    /// Why it can run nowhere else.
    pub why: String,
}

/// Where a case can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKind {
    /// The simulated host.
    Sim,
    /// The native runner.
    Native,
    /// The component in embedded Wasmtime.
    Wasm,
    /// The component in Spin.
    Spin,
}

/// That a configuration is refused, and with which words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The hosts that refuse it. Default: every host. On the others the steps are taken.
    #[serde(default)]
    pub hosts: Vec<HostKind>,
    /// Texts that the diagnostics must have in them, each in one of them.
    pub contains: Vec<String>,
}

/// One request and what comes of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// How long after the step before.
    #[serde(default)]
    pub after: Span,
    /// Whether the key-value store is out of order in this step.
    #[serde(default)]
    pub store_fails: bool,
    /// What the client sends.
    pub request: Request,
    /// What it gets.
    #[serde(default)]
    pub expect: Answer,
    /// What upstreams receive, in order, and nothing else; an empty list: no upstream is asked. Default: anything.
    #[serde(default)]
    pub upstream: Option<Vec<Asked>>,
}

// === impl HostKind ===

impl HostKind {
    /// Every one, in the order in which they are reported.
    pub const ALL: [Self; 4] = [Self::Sim, Self::Native, Self::Wasm, Self::Spin];

    /// Its name in case files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Native => "native",
            Self::Wasm => "wasm",
            Self::Spin => "spin",
        }
    }
}

// === impl Case ===

impl Case {
    /// Why the case is not for `host`; `None` where it is.
    pub fn skips(&self, host: HostKind) -> Option<String> {
        if let Some(only) = &self.only
            && !only.hosts.contains(&host)
        {
            return Some(only.why.clone());
        }
        if host == HostKind::Sim {
            return None;
        }
        if self.upstreams.values().any(|replies| comes_and_goes(replies)) {
            return Some("needs an upstream that comes and goes".to_owned());
        }
        let upstream = self.upstreams.values().flatten().find_map(Reply::only_simulated);
        upstream.or_else(|| self.steps.iter().find_map(Step::only_simulated)).map(str::to_owned)
    }

    /// Whether `host` refuses the configuration, and with which words.
    pub fn refused_by(&self, host: HostKind) -> Option<&Refused> {
        self.refused.as_ref().filter(|refused| refused.hosts.is_empty() || refused.hosts.contains(&host))
    }
}

/// Whether some connections are refused and others are not.
fn comes_and_goes(replies: &[Reply]) -> bool {
    let refused = replies.iter().filter(|reply| reply.fault == Some(Fault::Refuse)).count();
    refused > 0 && refused < replies.len()
}

impl Step {
    fn only_simulated(&self) -> Option<&'static str> {
        if self.after.0 > std::time::Duration::from_secs(5) || self.expect.elapsed.is_some() {
            return Some("needs virtual time");
        }
        if self.store_fails {
            return Some("needs a store that fails");
        }
        self.request.only_simulated()
    }
}
