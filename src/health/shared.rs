//! What instances share of one upstream: a small document in a store, which everybody who can write there may have written.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::passive::Facts;
use crate::circuit;
use crate::host::Tick;

/// The largest document in bytes: it is read with every request of a component. So many rows fit, with names as long as
/// they usually are.
pub const LARGEST: usize = 32 << 10;

/// How many targets it tells of at most; of more that fail, those whose ejection ends last.
pub const MOST: usize = 256;

/// The longest name of a target that it tells of, in bytes: a host and a port (RFC 1035 section 2.3.4).
const LONGEST_NAME: usize = 261;

/// How many ejections or openings in a row are believed: enough for any pause to have its longest.
const MOST_IN_A_ROW: u32 = 1_000;

/// The form of the document.
const VERSION: u8 = 1;

/// What is known of one upstream. Moments are milliseconds since 1970. Targets of which nothing is told are well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    version: u8,
    /// When whoever probes targets last said so; 0 where nobody did.
    #[serde(default, skip_serializing_if = "is_none")]
    pub probed: u64,
    /// The circuit of the upstream as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit: Option<CircuitRow>,
    /// Targets of which there is something to tell, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Row>,
}

/// What is known of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its name.
    pub name: Box<str>,
    /// Until when it is ejected.
    #[serde(default, skip_serializing_if = "is_none")]
    pub until: u64,
    /// Ejections in a row.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub times: u32,
    /// Failures in a row, as components count them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures: u32,
    /// Requests in a row without an answer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unanswered: u32,
    /// Probes fail.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failing: bool,
    /// Its circuit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit: Option<CircuitRow>,
}

/// What is known of a circuit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CircuitRow {
    /// Grows with each change of phase, and says which it is.
    pub serial: u64,
    /// What the phase is about.
    pub moment: u64,
    /// Probes that succeeded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub succeeded: u32,
    /// Openings in a row.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub openings: u32,
    /// Failures in a row.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub row: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_none(moment: &u64) -> bool {
    *moment == 0
}

// === impl Document ===

impl Default for Document {
    fn default() -> Self {
        Self { version: VERSION, probed: 0, circuit: None, targets: Vec::new() }
    }
}

impl Document {
    /// Reads what [`Self::encode`] wrote; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LARGEST {
            return None;
        }
        let document: Self = serde_json::from_slice(bytes).ok()?;
        let sorted = document.targets.windows(2).all(|pair| pair[0].name < pair[1].name);
        let named = document.targets.iter().all(|row| row.name.len() <= LONGEST_NAME);
        let fine = document.version == VERSION && sorted && named && document.targets.len() <= MOST;
        fine.then_some(document)
    }

    /// As it stands in a store. Tells of no more targets than may be.
    pub fn encode(&mut self) -> Bytes {
        self.targets.retain(|row| row.name.len() <= LONGEST_NAME);
        loop {
            let bytes = serde_json::to_vec(self).unwrap_or_default();
            if self.targets.len() <= MOST && bytes.len() <= LARGEST {
                return bytes.into();
            }
            let keep = self.targets.len().saturating_sub(1).min(MOST) * 3 / 4;
            self.targets.sort_by_key(|row| std::cmp::Reverse((row.until, row.failing)));
            self.targets.truncate(keep);
            self.targets.sort_by(|a, b| a.name.cmp(&b.name));
        }
    }

    /// What it tells of the target of this name.
    pub fn row(&self, name: &str) -> Option<&Row> {
        let at = self.targets.binary_search_by(|row| (*row.name).cmp(name)).ok()?;
        self.targets.get(at)
    }

    /// Tells `row` in place of what it told of that target.
    pub fn put(&mut self, row: Row) {
        let found = self.targets.binary_search_by(|known| known.name.cmp(&row.name));
        match (found, row.is_empty()) {
            (Ok(at), true) => drop(self.targets.remove(at)),
            (Ok(at), false) => self.targets[at] = row,
            (Err(at), false) => self.targets.insert(at, row),
            (Err(_), true) => {}
        }
    }
}

// === impl Row ===

impl Row {
    /// Whether there is nothing to tell.
    fn is_empty(&self) -> bool {
        let Self { name: _, until, times, failures, unanswered, failing, circuit } = self;
        (*until, *times, *failures, *unanswered, *failing) == (0, 0, 0, 0, false) && circuit.is_none()
    }

    /// What it tells of ejection, on a clock of civil time. An end after `most`, which no ejection has, is not believed: else
    /// whoever can write to the store could eject for good.
    pub fn facts(&self, most: Tick) -> Facts {
        let until = civil(self.until);
        Facts {
            until: if until > most { Tick(0) } else { until },
            times: self.times.min(MOST_IN_A_ROW),
            failures: self.failures,
            unanswered: self.unanswered,
        }
    }

    /// Tells this of ejection.
    pub fn tell(&mut self, facts: &Facts) {
        let Facts { until, times, failures, unanswered } = *facts;
        (self.until, self.times) = (millis(until), times);
        (self.failures, self.unanswered) = (failures, unanswered);
    }
}

// === impl CircuitRow ===

impl CircuitRow {
    /// The circuit, on a clock of civil time; `None` where its moment lies after `most`, which is not believed.
    pub fn facts(&self, most: Tick) -> Option<circuit::Facts> {
        let moment = civil(self.moment);
        (moment <= most).then(|| circuit::Facts {
            serial: self.serial,
            phase: circuit::phase(self.serial),
            moment,
            passed: self.succeeded,
            succeeded: self.succeeded,
            openings: self.openings.min(MOST_IN_A_ROW),
            row: self.row,
        })
    }

    /// What is told of a circuit; `None` where that is nothing.
    pub fn of(facts: &circuit::Facts) -> Option<Self> {
        let circuit::Facts { serial, phase, moment, passed: _, succeeded, openings, row } = *facts;
        if phase == circuit::Phase::Closed && row == 0 {
            return None;
        }
        Some(Self { serial, moment: millis(moment), succeeded, openings, row })
    }
}

/// Civil time as a tick: what hosts share that have no clock in common.
pub fn civil(millis: u64) -> Tick {
    Tick(millis.saturating_mul(1_000_000))
}

fn millis(civil: Tick) -> u64 {
    civil.0 / 1_000_000
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn row(name: &str, until: u64) -> Row {
        Row { name: name.into(), until, times: 1, ..Row::default() }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut document = Document { probed: 7, ..Document::default() };
        let circuit = CircuitRow { serial: 5, moment: 9, succeeded: 1, openings: 2, row: 3 };
        document.circuit = Some(circuit);
        document.put(Row { circuit: Some(circuit), failing: true, ..row("b", 1) });
        document.put(row("a", 2));
        document.put(row("c", 2));
        document.put(Row { name: "c".into(), ..Row::default() });
        let bytes = document.encode();
        assert_eq!(Document::decode(&bytes).unwrap(), document);
        assert_eq!(document.targets.len(), 2, "of c there is nothing to tell");
        assert!(document.row("a").is_some() && document.row("c").is_none());
    }

    #[test]
    fn nothing_else_is_read() {
        for wrong in [
            "",
            "{}",
            "[]",
            r#"{"version":2}"#,
            r#"{"version":1,"more":1}"#,
            r#"{"version":1,"probed":-1}"#,
            r#"{"version":1,"targets":[{"name":"b"},{"name":"a"}]}"#,
            r#"{"version":1,"targets":[{"name":"a"},{"name":"a"}]}"#,
            r#"{"version":1,"targets":[{"until":1}]}"#,
        ] {
            assert_eq!(Document::decode(wrong.as_bytes()), None, "{wrong}");
        }
        let many: Vec<_> = (0..=MOST).map(|it| format!(r#"{{"name":"{it:04}"}}"#)).collect();
        assert_eq!(
            Document::decode(format!(r#"{{"version":1,"targets":[{}]}}"#, many.join(",")).as_bytes()),
            None
        );
        assert_eq!(Document::decode(&vec![b' '; LARGEST + 1]), None);
    }

    #[test]
    fn it_never_grows_too_large() {
        let mut document = Document::default();
        for index in 0..10_000_u64 {
            document.put(row(&format!("{index:0200}"), index + 1));
        }
        let bytes = document.encode();
        assert!(bytes.len() <= LARGEST && document.targets.len() > 50);
        assert!(document.row(&format!("{:0200}", 9_999)).is_some(), "whose ejection ends last");
        assert_eq!(Document::decode(&bytes).unwrap(), document);
    }
}
