//! What hosts can do.

/// What a host can do that others cannot. The plan refuses what it cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// The host's name in diagnostics.
    pub name: &'static str,
    /// The `Host` field of a request to an upstream can be chosen.
    pub chooses_host: bool,
    /// HTTP/2 without TLS to any upstream.
    pub cleartext_http2: bool,
    /// Which certificates are trusted, and for which name, can be chosen.
    pub chooses_tls: bool,
    /// Reads files while it runs.
    pub listens: bool,
    /// Has a key-value store.
    pub stores: bool,
    /// How the key-value store counts.
    pub counts: Counts,
    /// Reaches Redis.
    pub redis: bool,
    /// Keeps things in memory from one request to the next.
    pub remembers: bool,
    /// Does things that no request asks for, such as probing targets.
    pub probes: bool,
}

/// How a platform's key-value store counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Any algorithm, exactly: what was counted is changed by one request after the other.
    Exactly,
    /// Fixed spans exactly, by adding to a number; all else as [`Counts::Roughly`].
    Spans,
    /// Requests that are judged at the same time may not see each other.
    Roughly,
}

// === impl Abilities ===

impl Abilities {
    /// The native runner.
    pub const NATIVE: Self = Self {
        name: "the native runner",
        chooses_host: true,
        cleartext_http2: true,
        chooses_tls: true,
        listens: true,
        stores: true,
        counts: Counts::Exactly,
        redis: true,
        remembers: true,
        probes: true,
    };
    /// The component for Spin.
    pub const COMPONENT: Self = Self {
        name: "a component",
        chooses_host: false,
        cleartext_http2: false,
        chooses_tls: false,
        listens: false,
        stores: true,
        counts: Counts::Roughly,
        redis: true,
        remembers: false,
        probes: false,
    };
    /// The component for Spin hosts that one runs oneself, whose stores can add.
    pub const ATOMIC: Self =
        Self { name: "a component with atomic counters", counts: Counts::Spans, ..Self::COMPONENT };
    /// The component for every other host of `wasi:http`.
    pub const PORTABLE: Self =
        Self { name: "a component outside Spin", stores: false, redis: false, ..Self::COMPONENT };
}
