//! Spin's interfaces as Rust traits, generated from `wit/`.

#![allow(missing_docs, unused_qualifications, reason = "generated code")]

wasmtime::component::bindgen!({
    path: "wit",
    world: "fermyon:spin/host",
    imports: {
        "fermyon:spin/redis": async,
        default: trappable,
    },
    with: {
        "fermyon:spin/key-value.store": crate::wasm_host::key_value::OpenStore,
        "wasi:keyvalue/store.bucket": crate::wasm_host::key_value::OpenStore,
        "fermyon:spin/redis.connection": crate::wasm_host::redis::OpenConnection,
    },
});
