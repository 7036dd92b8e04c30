//! Moving requests from one upstream to another: splits, fallbacks, mirrors.

mod compare;
mod fallback;
mod mirror;
mod mirroring;
mod remembered;
mod shadow;
mod share;
mod split;

pub use compare::{Compare, Compared, Result, Seen};
pub use fallback::Fallback;
pub use mirror::Mirror;
pub use mirroring::Mirroring;
pub use remembered::Remembered;
pub use shadow::{Place, Sample, Shadow};
pub use share::Share;
pub use split::{Part, Rule, Split, Test};
