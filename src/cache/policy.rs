//! What a route keeps of answers, ready to run.

use std::time::Duration;

use http::StatusCode;
use http::header::HeaderName;

use crate::auth::claims::ClaimPath;
use crate::plan::StorePlan;

/// What a route keeps of answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Where.
    pub place: Place,
    /// Half a SHA-256 digest of everything that makes the route and its upstream what they are: with another
    /// configuration, nothing that was kept under this one is found.
    pub digest: [u8; 16],
    /// What tells answers apart beside host, path and `Vary`.
    pub key: KeyParts,
    /// What the upstream gets of a request whose answer may be kept.
    pub passes: Passes,
    /// For how long.
    pub lifetimes: Lifetimes,
    /// Whether clients' `Cache-Control` and `Pragma` have no effect.
    pub ignore_client: bool,
    /// Whether answers with `Set-Cookie` are kept.
    pub set_cookie: bool,
    /// Whether answers without `ETag` get one.
    pub etag: bool,
    /// The largest content that is kept, in bytes.
    pub largest: u64,
    /// How long a request may wait for another one that fetches the same answer; zero for not at all.
    pub coalesce: Duration,
}

/// Where answers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the memory of the process.
    Memory,
    /// In the store of this index in [`Caching::stores`], with memory in front of it where there is any.
    Store(usize),
}

/// What tells answers apart beside host, path and `Vary`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeyParts {
    /// Which query parameters count; the upstream gets no others.
    pub query: Parameters,
    /// Request fields, sorted.
    pub headers: Vec<HeaderName>,
    /// Cookies, sorted.
    pub cookies: Vec<Box<str>>,
    /// Claims of the caller.
    pub claims: Vec<ClaimPath>,
    /// The consumer that the caller is.
    pub consumer: bool,
    /// The caller: its way in, credential, consumer and subject.
    pub caller: bool,
}

/// Which query parameters count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Parameters {
    /// All: the query as it came.
    #[default]
    All,
    /// These, sorted.
    Only(Vec<Box<str>>),
    /// All but these.
    Ignore {
        /// Names, sorted.
        names: Vec<Box<str>>,
        /// Beginnings of names.
        prefixes: Vec<Box<str>>,
    },
}

/// What the upstream gets of a request whose answer may be kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Passes {
    /// Every request field but `Authorization` and `Cookie`, whether keyed or not.
    pub all: bool,
    /// Otherwise only these, sorted: those of the key, those that `Vary` names, those excused, and those that every
    /// upstream needs.
    pub fields: Vec<HeaderName>,
    /// Of these, those that upstreams name in `Vary` where an answer depends on them, sorted.
    pub vary: Vec<HeaderName>,
    /// `Forwarded` and `X-Forwarded-For`.
    pub address: bool,
    /// Whether what is said of the caller may be told although the key does not have the caller.
    pub caller: bool,
    /// Whether the upstream gets what a client sends in `Authorization`, if the gateway leaves it there: neither an edit nor
    /// the gateway's own credentials take its place. Such a request passes whole, and its answer is not kept, unless
    /// `fields` has `Authorization`.
    pub authorization: bool,
}

/// For how long answers are kept where they do not say so themselves, or whatever they say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lifetimes {
    /// Whatever they say.
    pub fixed: Option<Duration>,
    /// Where they say nothing; `None` for the heuristic of RFC 9111 section 4.2.2.
    pub default: Option<Duration>,
    /// Errors that say nothing, the exact ones before the classes.
    pub negative: Vec<(Statuses, Duration)>,
    /// How long an answer may be given while a new one is fetched, where it does not say so itself.
    pub while_revalidate: Duration,
    /// How long an answer may be given where the upstream fails, where it does not say so itself.
    pub if_error: Duration,
}

/// Some statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statuses {
    /// One.
    One(StatusCode),
    /// All that begin with this digit.
    Class(u16),
}

/// What all routes that keep answers have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caching {
    /// How many bytes answers may take in memory.
    pub memory: u64,
    /// How many answers a store holds that forgets nothing by itself.
    pub places: u32,
    /// How long an answer in memory is given without asking the store behind it.
    pub trust_memory: Duration,
    /// How long a store may take.
    pub timeout: Duration,
    /// The stores in which answers are kept.
    pub stores: Vec<StorePlan>,
    /// Whether some route keeps answers.
    pub used: bool,
    /// The index of the route that purges; its methods are `POST`, and `PURGE` at every address.
    pub purge: Option<usize>,
}

/// The largest value that a store takes is 1 MiB; this leaves room for the head of the answer.
pub const LARGEST_IN_STORE: u64 = 1000 << 10;

// === impl KeyParts ===

impl KeyParts {
    /// Whether nothing but the address tells answers apart.
    pub fn is_empty(&self) -> bool {
        let Self { query: _, headers, cookies, claims, consumer, caller } = self;
        headers.is_empty() && cookies.is_empty() && claims.is_empty() && !consumer && !caller
    }
}

// === impl Parameters ===

impl Parameters {
    /// Whether a parameter of this name counts.
    pub fn counts(&self, name: &str) -> bool {
        let has = |names: &[Box<str>]| names.binary_search_by(|known| (**known).cmp(name)).is_ok();
        match self {
            Self::All => true,
            Self::Only(names) => has(names),
            Self::Ignore { names, prefixes } => {
                !has(names) && !prefixes.iter().any(|prefix| name.starts_with(&**prefix))
            }
        }
    }
}

// === impl Caching ===

impl Default for Caching {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            places: 4096,
            trust_memory: Duration::ZERO,
            timeout: Duration::from_millis(100),
            stores: Vec::new(),
            used: false,
            purge: None,
        }
    }
}

// === impl Statuses ===

impl Statuses {
    /// Whether `status` is one of them.
    pub fn has(self, status: StatusCode) -> bool {
        match self {
            Self::One(one) => one == status,
            Self::Class(digit) => status.as_u16() / 100 == digit,
        }
    }
}
