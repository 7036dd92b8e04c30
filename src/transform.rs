//! Changes to what is passed on.
