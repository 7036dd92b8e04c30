//! Tollgate as a native server, and its tools.
fn main() {}
