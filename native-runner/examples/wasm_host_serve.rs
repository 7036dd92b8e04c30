//! Serves one component with nothing around it, for measuring the host alone:
//! `wasm_host_serve FILE PORT [multi|percore]`, where FILE is a core module or a component.
//!
//! With `WASM_CACHE=DIR` compiled code is kept there; with `WASM_FREEZE=FILE` those documents are frozen in first.

#![allow(clippy::disallowed_methods, reason = "what is measured is real time")]

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use native_runner::freeze::{componentize, freeze};
use native_runner::wasm_host::{Options, WasmHost};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, port, rest @ ..] = arguments.as_slice() else { anyhow::bail!("FILE PORT [multi|percore]") };
    let address = SocketAddr::from(([127, 0, 0, 1], port.parse()?));
    let mut bytes = std::fs::read(file)?;
    let start = std::time::Instant::now();
    if let Some(documents) = std::env::var_os("WASM_FREEZE") {
        bytes = freeze(&bytes, &std::fs::read_to_string(documents)?)?.core;
        println!("frozen after {:?}, {} bytes", start.elapsed(), bytes.len());
    }
    let component = if bytes.get(4..8) == Some(&[1, 0, 0, 0]) { componentize(&bytes)? } else { bytes };
    println!("component after {:?}, {} bytes", start.elapsed(), component.len());
    let cache = std::env::var_os("WASM_CACHE").map(PathBuf::from);
    let host = WasmHost::new(&component, Options { cache, ..Options::default() })?;
    println!("ready after {:?}", start.elapsed());
    if rest.first().is_some_and(|kind| kind == "percore") {
        let threads = std::thread::available_parallelism()?.get();
        let runners: Vec<_> = (0..threads)
            .map(|_| {
                let host = host.clone();
                std::thread::spawn(move || {
                    tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()?
                        .block_on(serve(host, address))
                })
            })
            .collect();
        for runner in runners {
            runner.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??;
        }
        Ok(())
    } else {
        tokio::runtime::Runtime::new()?.block_on(serve(host, address))
    }
}

async fn serve(host: WasmHost, address: SocketAddr) -> anyhow::Result<()> {
    let listener = listen(address)?;
    loop {
        let (stream, client) = listener.accept().await?;
        tokio::spawn(connection(host.clone(), stream, client));
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket.listen(1024)?)
}

async fn connection(host: WasmHost, stream: TcpStream, client: SocketAddr) {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request| {
        let host = host.clone();
        async move { Ok::<_, Infallible>(host.answer(request, &http::uri::Scheme::HTTP, client).await) }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
