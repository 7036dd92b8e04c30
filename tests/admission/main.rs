//! How much an upstream is asked at once: the line and its order, the limit that finds itself, and both through the whole
//! gateway, in virtual time.

#![allow(clippy::unwrap_used)]

mod gate;
mod gateway;
mod gradient;
mod order;
mod tasks;
