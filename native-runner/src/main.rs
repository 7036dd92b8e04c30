//! Tollgate as a native server, and its tools.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;
use native_runner::args::{Arguments, Command};
use native_runner::command;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_logging();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Demo(demo) => command::demo::demo(demo),
        Command::Serve(serve) if serve.component.is_some() => command::component::serve(serve),
        Command::Serve(serve) => command::serve::serve(serve),
        Command::Check(check) => command::check::check(check),
        Command::Routes(routes) => command::routes::routes(routes),
        Command::Graph(graph) => command::graph::graph(graph),
        Command::Explain(explain) => command::explain::explain(explain),
        Command::Init(init) => command::init::init(init),
        Command::Import(import) => command::import::import(import),
        Command::Schema => command::schema::schema(),
        Command::Build(build) => command::component::build(build),
        Command::Test(test) => command::test::test(test),
        Command::Keys(keys) => command::keys::keys(keys),
    }
}

/// The gateway's own log goes to standard error; standard output is the access log's. `RUST_LOG` chooses what is said.
fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}
