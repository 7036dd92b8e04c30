//! What a store holds of a service: its instances, and until when each is good.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{LONGEST_NAME, LONGEST_TTL};
use crate::discovery::Found;
use crate::discovery::found::{MOST_WEIGHT, is_host};
use crate::host::UnixMillis;

/// How far the clocks of those who share a store may be apart: an instance is still asked so long after the moment until which
/// it is good. Instances that register every third of their time to live have more room than that by themselves.
pub const SKEW: Duration = Duration::from_secs(2);

/// How long an instance stays in the document after that moment. Whoever writes with a clock that is ahead does not take away
/// what is still good by all the others' clocks.
const LINGER: Duration = Duration::from_secs(60);

/// The most instances of a service that a document has.
pub const MOST: usize = 1000;

/// The largest document, in bytes: [`MOST`] instances of some 500 bytes, with a name of 63 bytes, a host of 253, a zone of 63
/// and numbers. Stores of platforms take a megabyte.
pub const LARGEST: usize = 512 << 10;

/// The longest zone, in bytes: as long as a name.
pub const LONGEST_ZONE: usize = LONGEST_NAME;

/// All that is registered of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// In the order of their names.
    pub instances: Vec<Instance>,
}

/// One instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Its name, which is its own within the service.
    pub name: Box<str>,
    /// Name or address, without brackets.
    pub host: Box<str>,
    /// Its port.
    pub port: u16,
    /// Its share of requests.
    pub weight: u32,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Box<str>>,
    /// Until when it is good, in milliseconds since 1970.
    pub until: u64,
}

/// What came of putting an instance into a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It was not there, or no longer good.
    New,
    /// It was there: this was its heartbeat.
    Renewed,
    /// There is no room.
    Full,
}

// === impl Document ===

impl Document {
    /// Reads one; `None` where it is none that a gateway has written. Stores are shared, and not believed.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LARGEST {
            return None;
        }
        let document: Self = serde_json::from_slice(bytes).ok()?;
        let in_order = document.instances.windows(2).all(|pair| pair[0].name < pair[1].name);
        let sound = document.instances.iter().all(Instance::is_sound);
        (in_order && sound && document.instances.len() <= MOST).then_some(document)
    }

    /// As it is written.
    pub fn encode(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// The instances that are good at `now`.
    pub fn live(&self, now: UnixMillis) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(move |instance| instance.is_live(now))
    }

    /// The same, as targets that are found.
    pub fn found(&self, now: UnixMillis) -> Vec<Found> {
        self.live(now).map(Instance::found).collect()
    }

    /// Puts an instance in, where there are fewer than `most` others that are good at `now`.
    pub fn put(&mut self, instance: Instance, now: UnixMillis, most: usize) -> Put {
        self.tidy(now);
        let others = self.live(now).filter(|other| other.name != instance.name).count();
        if others >= most.min(MOST) {
            return Put::Full;
        }
        let place = self.instances.binary_search_by(|other| other.name.cmp(&instance.name));
        match place {
            Ok(at) => {
                let renewed = self.instances[at].is_live(now);
                self.instances[at] = instance;
                if renewed { Put::Renewed } else { Put::New }
            }
            Err(at) => {
                if self.instances.len() >= MOST {
                    self.instances.retain(|other| other.is_live(now));
                    return self.put(instance, now, most);
                }
                self.instances.insert(at, instance);
                Put::New
            }
        }
    }

    /// Takes the instance of this name out. Whether it was there.
    pub fn remove(&mut self, name: &str, now: UnixMillis) -> bool {
        let place = self.instances.iter().position(|instance| *instance.name == *name);
        let removed = place.map(|at| self.instances.remove(at));
        self.tidy(now);
        removed.is_some()
    }

    /// How long the document is of use.
    pub fn keep(&self, now: UnixMillis) -> Duration {
        let last = self.instances.iter().map(|instance| instance.until).max().unwrap_or(now.0);
        Duration::from_millis(last.saturating_sub(now.0)) + LINGER
    }

    /// Forgets what is long over, and believes no moment that is further away than any instance may ask for.
    fn tidy(&mut self, now: UnixMillis) {
        let most = now.0.saturating_add(millis(LONGEST_TTL));
        self.instances.retain(|instance| instance.until.saturating_add(millis(LINGER)) > now.0);
        for instance in &mut self.instances {
            instance.until = instance.until.min(most);
        }
    }
}

// === impl Instance ===

impl Instance {
    /// Whether it is good at `now`.
    pub fn is_live(&self, now: UnixMillis) -> bool {
        self.until.saturating_add(millis(SKEW)) > now.0
    }

    fn is_sound(&self) -> bool {
        let zone = self.zone.as_deref();
        is_name(&self.name)
            && is_host(&self.host)
            && self.port != 0
            && self.weight <= MOST_WEIGHT
            && zone.is_none_or(|zone| zone.len() <= LONGEST_ZONE && is_name(zone))
    }

    fn found(&self) -> Found {
        Found {
            name: self.name.to_string(),
            host: self.host.to_string(),
            port: Some(self.port),
            weight: self.weight,
            priority: 0,
            zone: self.zone.as_deref().map(str::to_owned),
        }
    }
}

/// Whether a service, an instance or a zone can have this name: letters, digits, and any of `.`, `_`, `-`.
pub fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    // A dot alone, or two, would be a step in a path.
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(fits) && name != "." && name != ".."
}

/// A span in milliseconds.
pub fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_000_000_000);

    fn instance(name: &str, seconds: u64) -> Instance {
        let until = NOW.0 + seconds * 1000;
        Instance { name: name.into(), host: "10.0.0.1".into(), port: 80, weight: 1, zone: None, until }
    }

    fn after(seconds: u64) -> UnixMillis {
        UnixMillis(NOW.0 + seconds * 1000)
    }

    fn names(document: &Document, now: UnixMillis) -> Vec<&str> {
        document.live(now).map(|instance| &*instance.name).collect()
    }

    #[test]
    fn instances_come_and_renew_and_vanish() {
        let mut document = Document::default();
        assert_eq!(document.put(instance("b", 30), NOW, 10), Put::New);
        assert_eq!(document.put(instance("a", 30), NOW, 10), Put::New);
        assert_eq!(names(&document, NOW), ["a", "b"]);
        assert_eq!(document.put(instance("a", 60), after(30), 10), Put::Renewed);
        assert_eq!(names(&document, after(31)), ["a", "b"], "within the skew");
        assert_eq!(names(&document, after(32)), ["a"]);
        assert_eq!(names(&document, after(62)), [""; 0]);
        assert_eq!(document.put(instance("a", 100), after(70), 10), Put::New);
    }

    #[test]
    fn what_is_over_is_forgotten_only_later() {
        let mut document = Document::default();
        document.put(instance("a", 30), NOW, 10);
        document.put(instance("b", 200), after(89), 10);
        assert_eq!(document.instances.len(), 2, "a writer whose clock is ahead takes nothing away");
        document.put(instance("b", 200), after(90), 10);
        assert_eq!(document.instances.len(), 1);
    }

    #[test]
    fn there_is_an_end_to_how_many_there_are() {
        let mut document = Document::default();
        assert_eq!(document.put(instance("a", 30), NOW, 2), Put::New);
        assert_eq!(document.put(instance("b", 90), NOW, 2), Put::New);
        assert_eq!(document.put(instance("c", 30), NOW, 2), Put::Full);
        assert_eq!(document.put(instance("b", 90), NOW, 2), Put::Renewed);
        assert_eq!(document.put(instance("c", 60), after(32), 2), Put::New, "a is no longer good");
    }

    #[test]
    fn what_is_over_gives_way_where_the_document_is_full() {
        let mut document = Document::default();
        for number in 0..MOST {
            assert_eq!(document.put(instance(&format!("i{number}"), 30), NOW, MOST), Put::New);
        }
        assert_eq!(document.put(instance("late", 60), NOW, MOST), Put::Full);
        assert_eq!(document.put(instance("late", 60), after(33), MOST), Put::New);
        assert_eq!(document.instances.len(), 1);
    }

    #[test]
    fn no_clock_is_believed_too_far() {
        let mut document = Document { instances: vec![Instance { until: u64::MAX, ..instance("a", 0) }] };
        document.put(instance("b", 30), NOW, 10);
        assert_eq!(document.instances[0].until, NOW.0 + 3_600_000);
        assert_eq!(document.keep(NOW), LONGEST_TTL + LINGER);
    }

    #[test]
    fn the_largest_document_fits() {
        let mut document = Document::default();
        for number in 0..MOST {
            let name = format!("{number:0>63}");
            let host = format!("{name}.{name}.{name}.{}", "a".repeat(61));
            let zone = Some("z".repeat(LONGEST_ZONE).into());
            let until = NOW.0 + millis(LONGEST_TTL);
            let instance =
                Instance { name: name.into(), host: host.into(), port: 65_535, weight: 65_535, zone, until };
            assert!(instance.is_sound());
            assert_eq!(document.put(instance, NOW, MOST), Put::New);
        }
        let bytes = document.encode();
        assert!(bytes.len() <= LARGEST, "{}", bytes.len());
        assert_eq!(Document::decode(&bytes), Some(document));
    }

    #[test]
    fn what_no_gateway_has_written_is_not_there() {
        let good = r#"{"name":"a","host":"10.0.0.1","port":80,"weight":1,"until":7}"#;
        assert!(Document::decode(format!(r#"{{"instances":[{good}]}}"#).as_bytes()).is_some());
        for broken in [
            "".to_owned(),
            "7".to_owned(),
            "{}".to_owned(),
            format!(r#"{{"instances":[{good}],"more":1}}"#),
            format!(r#"{{"instances":[{good},{good}]}}"#),
            format!(r#"{{"instances":[{}]}}"#, good.replace("\"a\"", "\"a b\"")),
            format!(r#"{{"instances":[{}]}}"#, good.replace("10.0.0.1", "user@host")),
            format!(r#"{{"instances":[{}]}}"#, good.replace(":80", ":0")),
            format!(r#"{{"instances":[{}]}}"#, good.replace(":80", ":65536")),
            format!(r#"{{"instances":[{}]}}"#, good.replace("\"weight\":1", "\"weight\":65536")),
            format!(r#"{{"instances":[{}]}}"#, good.replace("\"until\":7", "\"until\":7,\"zone\":\"\"")),
            format!(r#"{{"instances":[{}]}}"#, good.replace("\"until\":7", "\"until\":-7")),
            format!("{{\"instances\":[{good}]}}{}", " ".repeat(LARGEST)),
        ] {
            assert_eq!(Document::decode(broken.as_bytes()), None, "{}", &broken[..broken.len().min(100)]);
        }
    }

    #[test]
    fn removal_is_by_name() {
        let mut document = Document::default();
        document.put(instance("a", 30), NOW, 10);
        document.put(instance("b", 30), NOW, 10);
        assert!(document.remove("a", NOW));
        assert!(!document.remove("a", NOW));
        assert_eq!(names(&document, NOW), ["b"]);
    }

    #[test]
    fn names_are_no_paths() {
        for name in ["a", "orders-1.v2_x", "10.0.0.1"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", ".", "..", "a/b", "a b", "a%2f", "ä", "a:b"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name(&"a".repeat(63)) && !is_name(&"a".repeat(64)));
    }

    proptest! {
        #[test]
        fn whatever_is_put_in_can_be_read_again(
            names in proptest::collection::vec("[a-c]{1,2}", 0..12), steps in proptest::collection::vec(0_u64..40, 12),
        ) {
            let mut document = Document::default();
            let mut seconds = 0;
            for (name, step) in names.iter().zip(steps) {
                seconds += step;
                document.put(instance(name, seconds + 30), after(seconds), 5);
                prop_assert!(document.live(after(seconds)).count() <= 5);
                prop_assert_eq!(Document::decode(&document.encode()), Some(document.clone()));
            }
        }

        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Document::decode(&bytes);
        }
    }
}
