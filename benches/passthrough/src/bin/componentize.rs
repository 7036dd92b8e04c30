//! `componentize MODULE COMPONENT`: makes a component of a wasm32-wasip1 reactor module.

use std::{env, error::Error, fs};

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER,
};
use wit_component::ComponentEncoder;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, component] = arguments.as_slice() else {
        return Err("usage: componentize MODULE COMPONENT".into());
    };
    let mut encoder =
        ComponentEncoder::default().validate(true).module(&fs::read(module)?)?.adapter(NAME, ADAPTER)?;
    fs::write(component, encoder.encode()?)?;
    Ok(())
}
