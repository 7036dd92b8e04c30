//! `tollgate explain`: what would happen to a request, and why.

use std::io::stdout;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use http::HeaderMap;
use tollgate::auth::Caller;
use tollgate::explain::{Question, explain as answer};
use tollgate::host::UnixMillis;
use tollgate::plan::Abilities;

use crate::args::Explain;
use crate::paint::Paint;
use crate::{explanation, load, output};

/// Explains, without calling anybody.
pub fn explain(arguments: &Explain) -> anyhow::Result<ExitCode> {
    let configuration = match load::load(&arguments.directory, &Abilities::NATIVE) {
        Ok(configuration) => configuration,
        Err(diagnostics) => {
            eprintln!("{}", load::report(&diagnostics));
            return Ok(ExitCode::FAILURE);
        }
    };
    let question = question(arguments)?;
    let explanation = answer(&Arc::new(configuration.plan), &question).map_err(anyhow::Error::msg)?;
    let text = match arguments.json {
        true => serde_json::to_string_pretty(&explanation)? + "\n",
        false => explanation::text(
            &explanation,
            &configuration.loaded.locations,
            arguments.all,
            Paint::on(&stdout()),
        ),
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn question(arguments: &Explain) -> anyhow::Result<Question> {
    let url = &arguments.url;
    // Not a URL parser's work: it would tidy the path up, and untidy paths are what one wants explained.
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    anyhow::ensure!(matches!(scheme, "http" | "https"), "\"{url}\" is neither http nor https");
    let rest = rest.split('#').next().unwrap_or(rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    let mut headers = HeaderMap::new();
    for (name, value) in &arguments.headers {
        headers.append(name, value.clone());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let authority = if authority.is_empty() { "localhost" } else { authority };
    Ok(Question {
        method: arguments.method.parse().with_context(|| format!("\"{}\" is no method", arguments.method))?,
        secure: scheme == "https",
        authority: authority.to_owned(),
        target,
        headers,
        body: arguments.body_size,
        content: arguments.data.as_ref().map(|text| text.clone().into()),
        peer: SocketAddr::new(arguments.peer, 0),
        now: UnixMillis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX)),
        caller: arguments.subject.as_deref().map(|subject| caller(subject, arguments)),
    })
}

/// The caller that the arguments describe.
fn caller(subject: &str, arguments: &Explain) -> Caller {
    let texts = |texts: &[String]| texts.iter().map(|text| text.as_str().into()).collect();
    Caller {
        by: "explain".into(),
        subject: Some(subject.into()),
        claims: arguments.claims.iter().cloned().collect(),
        scopes: texts(&arguments.scopes),
        roles: texts(&arguments.roles),
        groups: texts(&arguments.groups),
        ..Caller::default()
    }
}
