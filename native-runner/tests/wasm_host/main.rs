//! The probe guest (tests/guests/probe) in the embedded host, over real connections.

mod bodies;
mod freezing;
mod limits;
mod outbound;
mod spin;
mod support;
