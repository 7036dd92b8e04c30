//! What only stores do.

