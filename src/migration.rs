//! Moving requests from one upstream to another: splits, fallbacks, mirrors.

/// Which of several upstreams answers.
#[derive(Debug, Clone)]
pub struct Split {}

/// Which upstream is asked where the first has nothing.
#[derive(Debug, Clone)]
pub struct Fallback {}

/// Another upstream that gets requests too.
#[derive(Debug, Clone)]
pub struct Mirror {}
