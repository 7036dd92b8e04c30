//! The life of fetched key sets, over virtual time: rotation, issuers that are down, storms, and who fetches.

#![allow(clippy::unwrap_used)]

mod discovery;
mod life;
mod turns;
mod world;
