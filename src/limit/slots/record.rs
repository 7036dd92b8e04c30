//! How a slot stands in the store: a version, a checksum, and entries of equal length in the order of their keys.

use crate::limit::{Key, State};

/// The version of the form. Another is unreadable.
const VERSION: [u8; 4] = *b"TGS1";

/// Version and checksum.
const HEAD: usize = VERSION.len() + 4;

/// One entry: its key, what share of its limit is used, when it expires, and its state.
const ENTRY: usize = 16 + 1 + 4 * 8;

/// The longest value, in bytes. Stores have bounds (Spin's own 1 MiB, DynamoDB's 400 KB), and each decision reads a whole
/// slot: 256 of them hold the states of more than a million callers.
pub const LONGEST: usize = 256 << 10;

/// How many entries a slot has at most.
pub const MOST: usize = (LONGEST - HEAD) / ENTRY;

/// How far the clocks of those who write may differ, in milliseconds: an entry is kept for so long after it has expired
/// for the one who writes, because to another it may still mean something.
pub const CLOCK_SKEW: u64 = 2_000;

/// One of the values that states are kept in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its number: the first byte of its keys.
    pub number: u8,
    /// Whether it has changed since it was read.
    pub changed: bool,
    entries: Vec<Entry>,
}

/// What was counted for one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// How much of the limit is used, as a part of 255.
    pub used: u8,
    /// From when the state means nothing, in milliseconds since 1970.
    pub expires: u64,
    /// What was counted.
    pub state: State,
}

// === impl Slot ===

impl Slot {
    /// What `bytes` say at `now`. A value that cannot be read counts as empty: it was cut off, changed by hand or by
    /// another program, or moved here from another slot.
    pub fn read(number: u8, bytes: &[u8], now: u64) -> Self {
        let entries = decode(number, bytes).unwrap_or_default();
        let live = entries.into_iter().filter(|entry| entry.is_live(now)).collect();
        Self { number, changed: false, entries: live }
    }

    /// What was counted for `key`.
    pub fn get(&self, key: &Key) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.key.cmp(key)).ok()?;
        self.entries.get(at)
    }

    /// Replaces what was counted for the entry's key.
    pub fn put(&mut self, entry: Entry) {
        self.changed = true;
        match self.entries.binary_search_by(|other| other.key.cmp(&entry.key)) {
            Ok(at) => self.entries[at] = entry,
            Err(at) => self.entries.insert(at, entry),
        }
    }

    /// The value to be stored: what is live at `now`. Where there is too much of it, those go that mean least: of which
    /// least is used, and of equal ones those that expire first. So whoever asks once under many keys drives out their
    /// own, and nobody's who has asked for much.
    pub fn write(&mut self, now: u64) -> Vec<u8> {
        self.entries.retain(|entry| entry.is_live(now));
        if let Some(excess) = self.entries.len().checked_sub(MOST).filter(|excess| *excess > 0) {
            let mut worth: Vec<_> =
                self.entries.iter().map(|entry| (entry.used, entry.expires, entry.key)).collect();
            worth.select_nth_unstable(excess);
            let (going, _) = worth.split_at_mut(excess);
            going.sort_unstable_by_key(|(_, _, key)| *key);
            self.entries.retain(|entry| going.binary_search_by_key(&entry.key, |(_, _, key)| *key).is_err());
        }
        encode(self.number, &self.entries)
    }
}

impl Entry {
    fn is_live(&self, now: u64) -> bool {
        self.expires.saturating_add(CLOCK_SKEW) > now
    }
}

fn encode(number: u8, entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + entries.len() * ENTRY);
    bytes.extend_from_slice(&VERSION);
    bytes.extend_from_slice(&[0; 4]);
    for Entry { key, used, expires, state } in entries {
        bytes.extend_from_slice(&key.0);
        bytes.push(*used);
        for number in [*expires, state.at, state.used, state.before] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
    let check = checksum(number, &bytes[HEAD..]);
    bytes[VERSION.len()..HEAD].copy_from_slice(&check);
    bytes
}

fn decode(number: u8, bytes: &[u8]) -> Option<Vec<Entry>> {
    let rest = bytes.strip_prefix(&VERSION)?;
    let (check, content) = rest.split_at_checked(HEAD - VERSION.len())?;
    if bytes.len() > LONGEST || content.len() % ENTRY != 0 || *check != checksum(number, content) {
        return None;
    }
    let entries: Vec<_> = content.chunks_exact(ENTRY).filter_map(entry).collect();
    let in_place = entries.iter().all(|entry| entry.key.0[0] == number);
    let in_order = entries.windows(2).all(|pair| pair[0].key < pair[1].key);
    (in_place && in_order).then_some(entries)
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let (key, rest) = bytes.split_first_chunk::<16>()?;
    let (used, numbers) = rest.split_first()?;
    let mut numbers =
        numbers.chunks_exact(8).filter_map(|word| Some(u64::from_le_bytes(word.try_into().ok()?)));
    let mut next = || numbers.next();
    let (expires, at, counted, before) = (next()?, next()?, next()?, next()?);
    Some(Entry { key: Key(*key), used: *used, expires, state: State { at, used: counted, before } })
}

/// Over the slot's number too: a value that stands in another's place is none.
fn checksum(number: u8, content: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[number]);
    hasher.update(content);
    hasher.finalize().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_767_225_600_000;

    fn key(number: u8, other: u32) -> Key {
        let mut bytes = [number; 16];
        bytes[1..5].copy_from_slice(&other.to_be_bytes());
        Key(bytes)
    }

    fn entry(other: u32, used: u8, life: u64) -> Entry {
        let state = State { at: NOW, used: u64::from(other) + 1, before: 7 };
        Entry { key: key(9, other), used, expires: NOW + life, state }
    }

    fn slot(entries: impl IntoIterator<Item = Entry>) -> Slot {
        let mut slot = Slot::read(9, b"", NOW);
        entries.into_iter().for_each(|entry| slot.put(entry));
        slot
    }

    #[test]
    fn what_was_written_is_read() {
        let mut written = slot([entry(3, 1, 10), entry(1, 2, 20), entry(2, 3, 30)]);
        let read = Slot::read(9, &written.write(NOW), NOW);
        assert_eq!(read, Slot { changed: false, ..written });
        assert_eq!(read.get(&key(9, 1)), Some(&entry(1, 2, 20)));
        assert_eq!(read.get(&key(9, 4)), None);
    }

    #[test]
    fn what_has_expired_is_gone() {
        let value = slot([entry(1, 1, 10), entry(2, 1, 20)]).write(NOW);
        let at = |now| Slot::read(9, &value, now).entries.len();
        assert_eq!(
            [at(NOW + 9 + CLOCK_SKEW), at(NOW + 10 + CLOCK_SKEW), at(NOW + 20 + CLOCK_SKEW)],
            [2, 1, 0]
        );
        assert_eq!(slot([entry(1, 1, 10)]).write(NOW + 10 + CLOCK_SKEW).len(), HEAD);
    }

    #[test]
    fn any_damage_makes_it_empty() {
        let good = slot([entry(1, 1, 10), entry(2, 1, 20)]).write(NOW);
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 0x10;
            assert_eq!(Slot::read(9, &bad, NOW).entries, [], "{index}");
            assert_eq!(Slot::read(9, &good[..index], NOW).entries, [], "{index}");
        }
        assert_eq!(Slot::read(9, &[&good[..], b"x"].concat(), NOW).entries, []);
        // In another's place, and with keys that are not its own.
        assert_eq!(Slot::read(8, &good, NOW).entries, []);
        assert_eq!(decode(8, &encode(8, &[entry(1, 1, 10)])), None);
        assert_eq!(decode(9, &encode(9, &[entry(2, 1, 10), entry(1, 1, 10)])), None);
    }

    #[test]
    fn is_bounded_and_those_that_mean_least_go() {
        let many = u32::try_from(MOST).unwrap_or(u32::MAX);
        // The first half has used little and lives long, the second has used much.
        let used = |other: u32| if other < many / 2 { 1 } else { 200 };
        let mut full = slot((0..many + 10).map(|other| entry(other, used(other), u64::from(other) + 1)));
        let value = full.write(NOW);
        assert!(value.len() <= LONGEST, "{}", value.len());
        let read = Slot::read(9, &value, NOW);
        assert_eq!(read.entries.len(), MOST);
        // Of those that have used least the ten that expire first.
        assert!((0..10).all(|other| read.get(&key(9, other)).is_none()));
        assert!((10..many + 10).all(|other| read.get(&key(9, other)).is_some()));
    }
}
