//! The simulated host: the whole gateway in one thread of one process, with virtual time, seeded chance and upstreams
//! that answer by a script. It drives the corpus in `tests/cases`, and `tollgate test` offers it to users for their own
//! configuration.
//!
//! ```text
//! case file ──read──▶ Case ──run──▶ SimHost + Gateway ──▶ what was seen ──compare──▶ Report
//!                       └────── the same cases over real hosts: `native-runner`'s `test` ──┘
//! ```

pub mod body;
pub mod case;
pub mod clock;
pub mod compare;
pub mod host;
pub mod names;
pub mod report;
pub mod run;
pub mod seen;
pub mod upstream;

pub use case::Case;
pub use clock::{Deadlock, VirtualClock};
pub use host::SimHost;
pub use report::{Failing, Report, Verdict};
pub use run::run;
