//! Serves one component with nothing around it, for measuring the host alone:
//! `wasm_host_serve FILE PORT [multi|percore]`, FILE a core module or a component.

fn main() {}
