//! What `tollgate keys` is told.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tollgate::plan::{duration, moment};

/// Make, list and revoke API keys.
///
/// A key is shown once, when it is made; only its digest is kept. Keys are kept in the key-value store, where `[store]` of
/// the configuration says (--store PATH, also while a server runs), or by way of a running server (--admin URL, with its
/// token in the environment variable TOLLGATE_ADMIN_TOKEN). A key counts, and counts no more, from the next request on.
#[derive(Debug, Args)]
pub struct Keys {
    /// What to do.
    #[command(subcommand)]
    pub command: KeysCommand,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "clap would print a variant's comment instead of its arguments' long one")]
pub enum KeysCommand {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Make a key.
///
/// Standard output is the key and nothing else; what there is to say goes to standard error. A consumer that is not there
/// yet is made.
///
/// To change a key: make a second, let the consumer begin to use it, and revoke the first; both count meanwhile.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  tollgate keys create --consumer acme --store data/store.redb > acme.key
  tollgate keys create --consumer acme --store . > acme.key     where [store] says, in Redis for one
  tollgate keys create --consumer acme --group partners --plan gold --expires 90d --admin http://127.0.0.1:9901
  tollgate keys create --consumer acme --print      the lines for a configuration file
  tollgate keys create --consumer acme --spin       the pairs for Spin's key-value store")]
pub struct Create {
    /// The name of the consumer.
    #[arg(long, value_name = "NAME")]
    pub consumer: String,
    /// A group that the consumer is in, instead of those it was in; may be given several times.
    #[arg(long = "group", value_name = "NAME")]
    pub groups: Vec<String>,
    /// The consumer's plan, instead of the one it had.
    #[arg(long, value_name = "NAME")]
    pub plan: Option<String>,
    /// What the key is called, for people.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub label: String,
    /// From when the key counts no more: a span from now, such as 90d, or a moment, such as 2026-11-21.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub expires: Option<When>,
    /// From when the key counts: a span from now, or a moment.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    pub not_before: Option<When>,
    /// What the key begins with, as the way in says. Default: tgk, or what the running server says.
    #[arg(long, value_name = "PREFIX")]
    pub prefix: Option<String>,
    /// Where the key goes.
    #[command(flatten)]
    pub place: CreatePlace,
    /// The label of the store, where its file is named.
    #[arg(long, value_name = "LABEL", default_value = "default")]
    pub store_label: String,
}

/// Where a new key goes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct CreatePlace {
    /// Ask the server with this operator's address.
    #[arg(long, value_name = "URL")]
    pub admin: Option<String>,
    /// Write to this store: its file, or the directory of the configuration whose `[store]` says where it is, with its
    /// password in the environment.
    #[arg(long, value_name = "PATH")]
    pub store: Option<PathBuf>,
    /// Keep nothing, and print lines for a configuration file.
    #[arg(long)]
    pub print: bool,
    /// Keep nothing, and print pairs for Spin's key-value store.
    #[arg(long)]
    pub spin: bool,
}

/// List keys: what names them, their consumers, labels and states; never the keys.
#[derive(Debug, Args)]
pub struct List {
    /// Only those of this consumer.
    #[arg(long, value_name = "NAME")]
    pub consumer: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Where the keys are.
    #[command(flatten)]
    pub place: KeptPlace,
}

/// Revoke a key, from the next request on.
#[derive(Debug, Args)]
pub struct Revoke {
    /// What `keys list` calls it: the first digits of its digest.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Where the key is.
    #[command(flatten)]
    pub place: KeptPlace,
}

/// Where keys are kept.
#[derive(Debug, Args)]
pub struct KeptPlace {
    /// Ask the server with this operator's address.
    #[arg(long, value_name = "URL", conflicts_with = "store", required_unless_present = "store")]
    pub admin: Option<String>,
    /// Look into this store: its file, or the directory of the configuration whose `[store]` says where it is.
    #[arg(long, value_name = "PATH")]
    pub store: Option<PathBuf>,
    /// The label of the store, where its file is named.
    #[arg(long, value_name = "LABEL", default_value = "default")]
    pub store_label: String,
}

/// A moment, or a span from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// In seconds since 1970.
    At(u64),
    /// In seconds.
    In(u64),
}

// === impl When ===

impl When {
    /// In seconds since 1970.
    pub fn seconds(self, now: u64) -> u64 {
        match self {
            Self::At(moment) => moment,
            Self::In(span) => now.saturating_add(span),
        }
    }
}

fn when(text: &str) -> Result<When, String> {
    let span = duration(text).map(|span| When::In(span.as_secs()));
    span.or_else(|| moment(text).map(When::At)).ok_or_else(|| {
        "a span, such as 90d, or a moment, such as 2026-11-21 or 2026-11-21T12:00:00Z".to_owned()
    })
}
