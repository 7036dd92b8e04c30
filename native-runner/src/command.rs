//! The commands, one file each.

#[cfg(feature = "component")]
pub mod component;
#[cfg(not(feature = "component"))]
#[path = "command/no_component.rs"]
pub mod component;
pub mod serve;
pub mod test;
