//! What was said of a request by one limit, for the answer's fields, the log and the metrics.

/// What one limit said of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// The limit: its index in [`super::Limits::all`].
    pub limit: usize,
    /// What it said.
    pub outcome: Outcome,
    /// How many permits are left.
    pub remaining: u64,
    /// In how many milliseconds all are there again.
    pub reset: u64,
    /// In how many milliseconds there may be enough for this request, where it was refused or denied: `u64::MAX` for never,
    /// 0 where nobody knows.
    pub retry: u64,
}

/// What a limit said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// There were enough permits.
    Admitted,
    /// There were not.
    Refused,
    /// There were not, and the limit is in shadow.
    Shadowed,
    /// The store did not answer, and the request went through.
    Allowed,
    /// The store did not answer, and the request did not go through.
    Denied,
}

// === impl Outcome ===

impl Outcome {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Admitted, Self::Refused, Self::Shadowed, Self::Allowed, Self::Denied];

    /// Its name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Refused => "refused",
            Self::Shadowed => "shadowed",
            Self::Allowed => "allowed-without-store",
            Self::Denied => "denied-without-store",
        }
    }
}
