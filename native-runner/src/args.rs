//! What the command line says.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tollgate::config::AccessLog;

/// Tollgate, the API gateway for the edge.
///
/// A configuration is a directory of TOML, YAML or JSON files. Try `tollgate demo` first; then write files of your
/// own, look at them with `check`, `routes` and `explain`, and put them in force with `serve`.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a configuration.
    Serve(Serve),
    /// Run cases.
    Test(Test),
    /// Freeze a configuration into the component.
    Build(Build),
}

/// Run cases: requests, and what is expected of them.
///
/// Each case is a file with a story: a configuration (or the directory of one), what the upstreams answer, and steps,
/// each a request with what the client must get and what the upstreams must receive. Directories are searched; in one
/// with files named *.case.toml these are the cases, in others all files are. docs/testing.md describes the format.
///
/// Cases run in the simulated host, where time is virtual and no socket is opened. The status is 1 if one fails.
#[derive(Debug, Args)]
pub struct Test {
    /// Case files and directories of them.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The hosts to run over.
    #[arg(long, value_name = "HOST", value_delimiter = ',', default_value = "sim")]
    pub host: Vec<CaseHost>,
}

/// A host for cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CaseHost {
    /// The simulated host.
    Sim,
    /// The native server, on loopback.
    Native,
}

/// Serve a configuration.
///
/// The configuration is read again when its files change and on SIGHUP; a broken one is reported, and the last good
/// one stays in force. SIGTERM and Ctrl-C stop accepting, let requests in flight finish, and end with status 0.
///
/// Secrets are variables: ${name} in a configuration is TOLLGATE_VARIABLE_NAME in the environment, or a line
/// `name = value` of the file named by --variables.
#[derive(Debug, Args)]
pub struct Serve {
    /// The directory of the configuration. A component has its configuration in it; then only `server` is read.
    #[arg(required_unless_present = "component")]
    pub directory: Option<PathBuf>,
    /// Serve this component in embedded Wasmtime instead: what `tollgate build` made, or any other component (or its
    /// core module) that answers wasi:http requests.
    #[arg(long, value_name = "FILE")]
    pub component: Option<PathBuf>,
    /// A variable for the component's environment.
    #[arg(long, value_name = "NAME=VALUE", requires = "component", value_parser = environment)]
    pub env: Vec<(String, String)>,
    /// Listen here for plain HTTP instead of where the configuration says.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// The operator's address instead of the configuration's; `off` for none.
    #[arg(long, value_name = "ADDRESS:PORT|off", value_parser = admin)]
    pub admin: Option<Admin>,
    /// How the access log is written, instead of what the configuration says.
    #[arg(long, value_name = "FORM")]
    pub access_log: Option<Form>,
    /// A file of `name = value` lines with variables.
    #[arg(long, value_name = "FILE")]
    pub variables: Option<PathBuf>,
    /// How many threads handle requests. Default: one for each core.
    #[arg(long, value_name = "NUMBER")]
    pub workers: Option<usize>,
}

/// An operator's address, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admin(pub Option<SocketAddr>);

/// How the access log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// One JSON object a line.
    Json,
    /// One line of text for people.
    Text,
    /// None.
    Off,
}

impl From<Form> for AccessLog {
    fn from(form: Form) -> Self {
        match form {
            Form::Auto => Self::Auto,
            Form::Json => Self::Json,
            Form::Text => Self::Text,
            Form::Off => Self::Off,
        }
    }
}

fn environment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn admin(text: &str) -> Result<Admin, String> {
    match text {
        "off" => Ok(Admin(None)),
        _ => text
            .parse()
            .map(|address| Admin(Some(address)))
            .map_err(|_| "an address and a port, such as 127.0.0.1:9901, or off".to_owned()),
    }
}

/// Freeze a configuration into the component.
///
/// The component's module is compiled once, by scripts/component.sh; this command gives it a configuration by
/// pre-initialisation, which takes less than a second and needs no compiler. It writes
///
///   OUT/tollgate.component.wasm   a component for any host of wasi:http 0.2, such as `tollgate serve --component`
///   OUT/tollgate.spin.wasm        a module for Spin, SpinKube and Fermyon's clouds
///
/// and brings spin.toml up to date with what the configuration needs: the addresses it may call, its variables and its
/// stores, and nothing else.
#[derive(Debug, Args)]
pub struct Build {
    /// The directory of the configuration.
    pub directory: PathBuf,
    /// Where the artifacts go.
    #[arg(long, value_name = "DIRECTORY", default_value = "target/component")]
    pub out: PathBuf,
    /// Where scripts/component.sh has put the modules.
    #[arg(long, value_name = "DIRECTORY", default_value = "target/component")]
    pub modules: PathBuf,
    /// The manifest to bring up to date. Default: spin.toml beside the configuration's directory, where there is one.
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
}
