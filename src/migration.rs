//! Moving requests from one upstream to another: splits, fallbacks, mirrors.

mod fallback;
mod mirror;
mod remembered;
mod share;
mod split;

pub use fallback::Fallback;
pub use mirror::Mirror;
pub use remembered::Remembered;
pub use share::Share;
pub use split::{Part, Rule, Split, Test};
