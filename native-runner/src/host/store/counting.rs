//! Counting in the store: exact for all who share the file, and on the disk before anybody is told.
//!
//! A decision is part of one transaction of the thread that writes, many decisions in one where many wait. One that would
//! change nothing, because it is a look or the limits refuse it, is answered from what is there: whoever asks too much
//! costs no write.
//!
//! What was counted for a key is a row of [`STATES`]; [`ENDS`] has one row for each, by when it is looked at whether it
//! still means anything. Each transaction looks at some that are due, so that no more is kept than what is live and what
//! has ended a moment ago.

use redb::{
    Database, ReadableDatabase as _, ReadableTable, Table, TableDefinition, TableError, WriteTransaction,
};
use tollgate::host::UnixMillis;
use tollgate::limit::decision::{Question, decide};
use tollgate::limit::{Algorithm, Ask, Key, State, Verdict};

use super::writer::{Change, Changed};
use super::{Store, StoreError, failed, stopped};

/// A label and a key; from when the state means nothing, in milliseconds since 1970, and the state.
const STATES: TableDefinition<'_, (&str, u128), (u64, u64, u64, u64)> = TableDefinition::new("states");

/// When a state is looked at, and whose it is: not later than it means nothing. It is not moved when the state changes.
const ENDS: TableDefinition<'_, (u64, &str, u128), ()> = TableDefinition::new("ends");

/// How long a state is kept after it means nothing, in milliseconds, for a process that reads its clock a moment before
/// another writes.
const CLOCK_SKEW: u64 = 2_000;

/// How many states that are due are looked at for each that a transaction has asked for: more than one, so that those
/// that have piled up get fewer.
const COLLECTED: usize = 2;

/// What a request asks of its limits.
pub struct Counted {
    label: Box<str>,
    keys: Vec<u128>,
    questions: Vec<Question<Algorithm>>,
    /// What it took, to be given back.
    taken: Vec<u64>,
    now: u64,
}

/// The tables of one transaction.
pub struct Tables<'t> {
    states: Table<'t, (&'static str, u128), (u64, u64, u64, u64)>,
    ends: Table<'t, (u64, &'static str, u128), ()>,
    /// The latest time at which anything was counted.
    now: u64,
    /// How many states were asked for.
    asked: usize,
}

// === impl Store ===

impl Store {
    /// Judges `asks` together at `now`: exactly, and done means that it is on the disk.
    pub async fn count(&self, label: &str, asks: &mut [Ask<'_>], now: UnixMillis) -> Result<(), StoreError> {
        if let Some(counters) = &self.counters {
            counters.count(asks, now.0);
            return Ok(());
        }
        let counted = Counted::new(label, asks, now);
        let verdicts = match self.without_change(&counted)? {
            Some(verdicts) => verdicts,
            None => match self.order(Change::Count(counted)).await? {
                Changed::Counted(verdicts) => verdicts,
                Changed::Known(_) | Changed::Sum(_) => return Err(stopped()),
            },
        };
        asks.iter_mut().zip(verdicts).for_each(|(ask, verdict)| ask.verdict = verdict);
        Ok(())
    }

    /// Gives back what the verdicts of `asks` took at `now`, when it was taken.
    pub async fn give_back(&self, label: &str, asks: &[Ask<'_>], now: UnixMillis) -> Result<(), StoreError> {
        if let Some(counters) = &self.counters {
            counters.give_back(asks, now.0);
            return Ok(());
        }
        if asks.iter().all(|ask| ask.verdict.taken == 0) {
            return Ok(());
        }
        self.order(Change::GiveBack(Counted::new(label, asks, now))).await.map(drop)
    }

    /// What the limits say, where that changes nothing.
    fn without_change(&self, counted: &Counted) -> Result<Option<Vec<Verdict>>, StoreError> {
        let reading = self.database.begin_read().map_err(failed)?;
        let mut states = match reading.open_table(STATES) {
            Err(TableError::TableDoesNotExist(_)) => vec![State::default(); counted.keys.len()],
            opened => counted.states(&opened.map_err(failed)?)?,
        };
        let verdicts = decide(&counted.questions, &mut states, counted.now, false);
        Ok(verdicts.iter().all(|verdict| verdict.taken == 0).then_some(verdicts))
    }
}

// === impl Counted ===

impl Counted {
    fn new(label: &str, asks: &[Ask<'_>], now: UnixMillis) -> Self {
        Self {
            label: label.into(),
            keys: asks.iter().map(|Ask { key: Key(bytes), .. }| u128::from_be_bytes(*bytes)).collect(),
            questions: asks.iter().map(|ask| Question::from(ask).into_owned()).collect(),
            taken: asks.iter().map(|ask| ask.verdict.taken).collect(),
            now: now.0,
        }
    }

    fn states(
        &self,
        table: &impl ReadableTable<(&'static str, u128), (u64, u64, u64, u64)>,
    ) -> Result<Vec<State>, StoreError> {
        let state = |key: &u128| {
            let found = table.get((&*self.label, *key)).map_err(failed)?;
            Ok(found.map(|found| state(found.value())).unwrap_or_default())
        };
        self.keys.iter().map(state).collect()
    }
}

fn state((_, at, used, before): (u64, u64, u64, u64)) -> State {
    State { at, used, before }
}

// === impl Tables ===

impl<'t> Tables<'t> {
    /// Opens them.
    pub fn open(writing: &'t WriteTransaction) -> Result<Self, StoreError> {
        let states = writing.open_table(STATES).map_err(failed)?;
        let ends = writing.open_table(ENDS).map_err(failed)?;
        Ok(Self { states, ends, now: 0, asked: 0 })
    }

    /// Judges a request.
    pub fn count(&mut self, counted: &Counted) -> Result<Vec<Verdict>, StoreError> {
        self.asked += counted.keys.len();
        self.now = self.now.max(counted.now);
        let mut states = counted.states(&self.states)?;
        let verdicts = decide(&counted.questions, &mut states, counted.now, false);
        for (((key, question), state), verdict) in
            counted.keys.iter().zip(&counted.questions).zip(states).zip(&verdicts)
        {
            if verdict.taken > 0 {
                self.put(&counted.label, *key, question.algorithm.expires(&state), state)?;
            }
        }
        Ok(verdicts)
    }

    /// Gives back what a request took.
    pub fn give_back(&mut self, counted: &Counted) -> Result<(), StoreError> {
        for ((key, question), taken) in counted.keys.iter().zip(&counted.questions).zip(&counted.taken) {
            let found = self.states.get((&*counted.label, *key)).map_err(failed)?;
            let Some(before) = found.map(|found| state(found.value())).filter(|_| *taken > 0) else {
                continue;
            };
            let algorithm = &question.algorithm;
            let after = algorithm.give_back(before, algorithm.span(counted.now), *taken);
            self.put(&counted.label, *key, question.algorithm.expires(&after), after)?;
        }
        Ok(())
    }

    fn put(&mut self, label: &str, key: u128, expires: u64, state: State) -> Result<(), StoreError> {
        let row = (expires, state.at, state.used, state.before);
        let known = self.states.insert((label, key), row).map_err(failed)?.is_some();
        if !known {
            self.ends.insert((expires, label, key), ()).map_err(failed)?;
        }
        Ok(())
    }

    /// Looks at some states that are due.
    pub fn collect(&mut self) -> Result<usize, StoreError> {
        self.collect_some(COLLECTED * self.asked)
    }

    fn collect_some(&mut self, most: usize) -> Result<usize, StoreError> {
        let ended = self.now.saturating_sub(CLOCK_SKEW);
        let due = due(&self.ends, ended, most)?;
        for (end, label, key) in &due {
            self.ends.remove((*end, label.as_str(), *key)).map_err(failed)?;
            let found = self.states.get((label.as_str(), *key)).map_err(failed)?;
            match found.map(|found| found.value().0) {
                Some(expires) if expires <= ended => {
                    self.states.remove((label.as_str(), *key)).map_err(failed)?;
                }
                Some(expires) => {
                    self.ends.insert((expires, label.as_str(), *key), ()).map_err(failed)?;
                }
                None => {}
            }
        }
        Ok(due.len())
    }
}

fn due(
    table: &impl ReadableTable<(u64, &'static str, u128), ()>,
    ended: u64,
    most: usize,
) -> Result<Vec<(u64, String, u128)>, StoreError> {
    let due = table.range(..(ended, "", 0)).map_err(failed)?.take(most);
    due.map(|row| {
        let (row, _) = row.map_err(failed)?;
        let (end, label, key) = row.value();
        Ok((end, label.to_owned(), key))
    })
    .collect()
}

/// Takes states out that mean nothing, up to so many: for a store that nobody asks any more. Looks first, because a
/// transaction that changes nothing would wait for the disk all the same.
pub fn sweep(database: &Database, now: u64, most: usize) -> Result<usize, StoreError> {
    let reading = database.begin_read().map_err(failed)?;
    let some = match reading.open_table(ENDS) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(0),
        opened => due(&opened.map_err(failed)?, now.saturating_sub(CLOCK_SKEW), 1)?,
    };
    if some.is_empty() {
        return Ok(0);
    }
    let writing = database.begin_write().map_err(failed)?;
    let mut tables = Tables::open(&writing)?;
    tables.now = now;
    let collected = tables.collect_some(most)?;
    drop(tables);
    writing.commit().map_err(failed)?;
    Ok(collected)
}

#[cfg(test)]
mod tests;
