//! What only stores do.
