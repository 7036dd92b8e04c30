//! Registries as sources of targets, scripted, in virtual time: what they say, when they fail, and what stays in force.
#![allow(clippy::unwrap_used, clippy::panic)]

mod consul;
mod eureka;
mod kubernetes;
mod registry;
mod world;
