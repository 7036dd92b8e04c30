//! What the command line says.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use http::{HeaderName, HeaderValue};
use tollgate::config::AccessLog;

mod build;
mod import;
pub mod keys;
mod test;

pub use build::Build;
pub use import::{Import, ImportCommand, ImportFormat, Openapi};
pub use keys::Keys;
pub use test::{CaseHost, Test};

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
#[allow(missing_docs, reason = "clap would print a variant's comment instead of its arguments' long one")]
pub enum Command {
    Demo(Demo),
    Serve(Serve),
    Check(Check),
    Routes(Routes),
    Graph(Graph),
    Explain(Explain),
    Init(Init),
    Import(Import),
    /// Print the JSON Schema of configuration files, for editors.
    ///
    /// A TOML file names it with `#:schema FILE` in its first line, a YAML file with
    /// `# yaml-language-server: $schema=FILE`, a JSON file with `"$schema": "FILE"`.
    Schema,
    Build(Build),
    Test(Test),
    Keys(Keys),
}

/// Start three sample services and the gateway in front of them.
///
/// Prints the table of routes and a tour of curl lines to paste into another terminal, and stays up until Ctrl-C. The
/// configuration is routes/ of the current directory where that is the shipped one, and may be changed while the demo
/// runs; else a copy that is built in.
///
/// The services keep their data in memory: users on port 9101, catalog on 9102, orders on 9103.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  tollgate demo                    the gateway on 127.0.0.1:8080
  tollgate demo --port 3000        the gateway on another port
  tollgate demo --services-only    for a gateway started otherwise: tollgate serve routes, or spin up")]
pub struct Demo {
    /// The gateway's port instead of the configuration's; 0 for any that is free.
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// The ports of the services: users, catalog, orders; 0 for any that is free.
    #[arg(long, value_name = "PORT,PORT,PORT", default_value = "9101,9102,9103", value_parser = services)]
    pub services: Services,
    /// Start the services and no gateway.
    #[arg(long)]
    pub services_only: bool,
    /// No operator's address.
    #[arg(long)]
    pub no_admin: bool,
}

/// The ports of the sample services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Services(pub [u16; 3]);

/// Find every mistake in a configuration.
///
/// Says of each mistake what is wrong, in which file, line and column, the JSON Pointer of the value, what was probably
/// meant, and who else is involved. Routes that no request can reach are reported too.
///
/// Where there is a spin.toml, in the directory or in its parent, the configuration is checked for a component as well,
/// and so is the manifest: it should allow exactly what the configuration needs, neither less nor more.
///
/// Ends with status 0 where all is well, 1 where there are mistakes, 2 where the command line is wrong.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  tollgate check routes
  tollgate check routes --deny-warnings           for CI: warnings count as mistakes
  tollgate check routes --for both                for the native runner and for a component
  tollgate check routes --format json | jq '.diagnostics[].message'")]
pub struct Check {
    /// The directory of the configuration.
    pub directory: PathBuf,
    /// Where the configuration is to run. Default: native, and component too where there is a spin.toml.
    #[arg(long = "for", value_name = "PLACE")]
    pub place: Option<Place>,
    /// What is printed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Warnings count as mistakes.
    #[arg(long)]
    pub deny_warnings: bool,
}

/// Where a configuration is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Place {
    /// In the native runner.
    Native,
    /// In a component: on Spin, or another WebAssembly host.
    Component,
    /// In a component made with `tollgate build --atomics`, for a Spin host of one's own.
    Atomics,
    /// In the native runner and in a component.
    Both,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
    Text,
    /// One JSON object for programs.
    Json,
}

/// Show the routes in the order in which they are tried.
///
/// One block a host, one line a route: path, methods, further conditions, what happens, the route's id, and where it is
/// written. A path that ends in /** is a prefix, which takes everything under it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  tollgate routes routes
  tollgate routes routes --json | jq -r '.hosts[].routes[].id'")]
pub struct Routes {
    /// The directory of the configuration.
    pub directory: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Draw the steps of a composed route.
///
/// Which step waits for which, what is asked, and what may be missing. Mermaid is what many sites draw where it stands in
/// Markdown; an SVG picture is drawn by itself.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  tollgate graph routes dashboard
  tollgate graph routes dashboard --format svg > dashboard.svg")]
pub struct Graph {
    /// The directory of the configuration.
    pub directory: PathBuf,
    /// The id of the route.
    pub route: String,
    /// What is printed.
    #[arg(long, value_name = "FORMAT", default_value = "mermaid")]
    pub format: Drawing,
}

/// How the steps of a route are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Drawing {
    /// A flowchart in the language of Mermaid.
    Mermaid,
    /// A picture.
    Svg,
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

/// Explain what would happen to a request, without calling anybody.
///
/// Says how the request is seen (host, path in normal form, what is ambiguous about it), why each route that could
/// take it does or does not, and what would happen: the request that the upstream would get, with all its fields, or
/// the gateway's own answer. Of a composed route, the steps that are asked at once and those that wait for answers, which
/// nobody knows before. Variables are shown as ${name}, never with their values; identifiers are examples.
///
/// The gateway itself is asked, over a network that is none, so the explanation is what would really happen.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  tollgate explain routes --url http://127.0.0.1:8080/users/2 -H 'X-Beta: yes'
  tollgate explain routes --url /users --method DELETE
  tollgate explain routes --url http://shop.localhost/3 --all
  tollgate explain routes --url /orders --method POST --body-size 100000
  tollgate explain routes --url /orders -X POST -H 'Content-Type: application/x-www-form-urlencoded' -d product=3
  tollgate explain routes --url /users/1%2F2 --json | jq .outcome.status")]
pub struct Explain {
    /// The directory of the configuration.
    pub directory: PathBuf,
    /// The address asked for; a path alone is asked for on localhost.
    #[arg(long, short, value_name = "URL")]
    pub url: String,
    /// The method.
    #[arg(long, short = 'X', value_name = "METHOD", default_value = "GET")]
    pub method: String,
    /// A header field, such as 'X-Beta: yes'; may be given several times.
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The address the request comes from.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub peer: IpAddr,
    /// The length of the request's body, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    pub body_size: u64,
    /// The request's content; its Content-Type is given with --header. Nothing is known of it otherwise but its length.
    #[arg(long, short, value_name = "TEXT", conflicts_with = "body_size")]
    pub data: Option<String>,
    /// Take the request for one of this caller, whatever its credentials; nobody is asked about them.
    #[arg(long = "as", value_name = "SUBJECT")]
    pub subject: Option<String>,
    /// A scope that the caller was granted; may be given several times.
    #[arg(long = "scope", value_name = "SCOPE", requires = "subject")]
    pub scopes: Vec<String>,
    /// A role of the caller; may be given several times.
    #[arg(long = "role", value_name = "ROLE", requires = "subject")]
    pub roles: Vec<String>,
    /// A group of the caller; may be given several times.
    #[arg(long = "group", value_name = "GROUP", requires = "subject")]
    pub groups: Vec<String>,
    /// A claim about the caller, in JSON or as text; may be given several times.
    #[arg(long = "claim", value_name = "NAME=VALUE", requires = "subject", value_parser = claim)]
    pub claims: Vec<(String, serde_json::Value)>,
    /// Show routes for other hosts and paths too.
    #[arg(long)]
    pub all: bool,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Write a configuration to begin with.
///
/// Makes the directory where there is none, and in it gateway.toml, which explains itself, and .schema.json, with which
/// editors complete and check what you write. Never writes over a file.
#[derive(Debug, Args)]
pub struct Init {
    /// The directory of the new configuration.
    pub directory: PathBuf,
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

fn services(text: &str) -> Result<Services, String> {
    let ports: Result<Vec<u16>, _> = text.split(',').map(|port| port.trim().parse()).collect();
    let ports = ports.ok().and_then(|ports| ports.try_into().ok());
    ports.map(Services).ok_or_else(|| "three ports, such as 9101,9102,9103".to_owned())
}

/// Reads `name=value`.
fn claim(text: &str) -> Result<(String, serde_json::Value), String> {
    let (name, value) = text.split_once('=').ok_or("a claim is written NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.to_owned(), value))
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or_else(|| "a name, a colon and a value".to_owned())?;
    let name = name.trim().parse().map_err(|_| format!("\"{name}\" cannot name a header field"))?;
    let value = HeaderValue::from_str(value.trim())
        .map_err(|_| "the value has characters that cannot be sent".to_owned())?;
    Ok((name, value))
}
