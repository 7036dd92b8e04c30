//! What is written about limits and has no effect.
