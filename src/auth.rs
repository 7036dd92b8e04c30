//! Who is calling: API keys, consumers and Basic.

pub mod api_key;
pub mod base62;
pub mod basic;
pub mod consumer;
pub mod digest;
pub mod password;
pub mod presented;
