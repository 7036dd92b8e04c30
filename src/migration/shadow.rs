//! What a process remembers of the mirror of a route.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Result;

/// What a process remembers of the mirror of a route.
#[derive(Debug, Default)]
pub struct Shadow {
    under_way: AtomicU32,
    results: [AtomicU64; Result::ALL.len()],
    samples: Mutex<VecDeque<Sample>>,
}

/// One request whose answers differed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Sample {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Its identifier, as in the access log.
    pub request_id: String,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// What came of it.
    pub result: &'static str,
    /// What differs.
    pub differences: Vec<String>,
}

/// The place of one request among those that are under way; given back when it is dropped.
#[derive(Debug)]
pub struct Place(Arc<Shadow>);

/// The most requests that are shown of one route: the last ones.
const MOST_SAMPLES: usize = 64;

// === impl Shadow ===

impl Shadow {
    /// A place for one more request, where there are fewer than `most` under way.
    pub fn enter(self: &Arc<Self>, most: u32) -> Option<Place> {
        let more = |under_way: u32| (under_way < most).then_some(under_way + 1);
        self.under_way.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Place(Arc::clone(self)))
    }

    /// Takes note of what came of a request.
    pub fn count(&self, result: Result) {
        self.results[result as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Keeps what differed, in place of the oldest where there are too many.
    pub fn show(&self, sample: Sample) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() == MOST_SAMPLES {
            samples.pop_front();
        }
        samples.push_back(sample);
    }

    /// How often there was each result.
    pub fn results(&self) -> impl Iterator<Item = (Result, u64)> + '_ {
        Result::ALL.into_iter().zip(self.results.iter().map(|count| count.load(Ordering::Relaxed)))
    }

    /// The last requests whose answers differed, the oldest first.
    pub fn samples(&self) -> Vec<Sample> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn so_many_at_once_and_no_more() {
        let shadow = Arc::new(Shadow::default());
        let (one, two) = (shadow.enter(2).unwrap(), shadow.enter(2).unwrap());
        assert!(shadow.enter(2).is_none());
        drop(one);
        assert!(shadow.enter(2).is_some());
        drop(two);
    }

    #[test]
    fn the_last_are_shown() {
        let shadow = Shadow::default();
        for at in 0..100 {
            shadow.show(Sample {
                at,
                request_id: String::new(),
                method: "GET".to_owned(),
                path: "/".to_owned(),
                result: Result::Body.name(),
                differences: Vec::new(),
            });
        }
        let shown: Vec<_> = shadow.samples().iter().map(|sample| sample.at).collect();
        assert_eq!(shown, (36..100).collect::<Vec<_>>());
    }
}
