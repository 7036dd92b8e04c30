//! Tollgate: the API gateway for the edge.
