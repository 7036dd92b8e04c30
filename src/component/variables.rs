//! Named values that stand in no file: Spin's variables, elsewhere the environment's.

use crate::host::{Secret, VariableError};

/// Spin's variable `name`.
#[cfg(feature = "spin")]
pub fn get(name: &str) -> Result<Option<Secret>, VariableError> {
    use spin_sdk::variables::{self, Error};

    match variables::get(name) {
        Ok(value) => Ok(Some(Secret::new(value))),
        Err(Error::Undefined(_)) => Ok(None),
        Err(Error::InvalidName(why)) => Err(VariableError { cause: format!("not a variable's name: {why}") }),
        Err(Error::Provider(why)) => {
            Err(VariableError { cause: format!("the provider of variables failed: {why}") })
        }
        Err(Error::Other(why)) => Err(VariableError { cause: why }),
    }
}

/// The environment's `TOLLGATE_VARIABLE_NAME`, `NAME` being `name` in capitals.
#[cfg(not(feature = "spin"))]
pub fn get(name: &str) -> Result<Option<Secret>, VariableError> {
    let key = format!("TOLLGATE_VARIABLE_{}", name.to_ascii_uppercase());
    match std::env::var(&key) {
        Ok(value) => Ok(Some(Secret::new(value))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(VariableError { cause: format!("{key} is not UTF-8") }),
    }
}
