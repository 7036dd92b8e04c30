//! What is said about a request: its id, its trace.
