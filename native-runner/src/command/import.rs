//! `tollgate import`: a configuration from a description of an API.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use tollgate::author::{self, Loaded};
use tollgate::diagnostic::{Diagnostic, Place};
use tollgate::openapi::Document;
use tollgate::openapi::import::{self, Described, Options, Report};
use tollgate::plan::{Abilities, Plan};
use tollgate::route::pattern::Pattern;

use crate::args::{Import, ImportCommand, ImportFormat, Openapi};
use crate::output;

/// Imports.
pub fn import(arguments: &Import) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        ImportCommand::Openapi(arguments) => openapi(arguments),
    }
}

fn openapi(arguments: &Openapi) -> anyhow::Result<ExitCode> {
    let path = &arguments.file;
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    let (node, locations) = match author::described(&shown, &text) {
        Ok(read) => read,
        Err(found) => return refused(&found),
    };
    let document = match Document::read(&node) {
        Ok(document) => document,
        Err(wrong) => {
            return refused(&[Diagnostic::error(locations.place(&shown, wrong.pointer), wrong.message)]);
        }
    };
    let options = options(arguments)?;
    let import = import::import(&document, &options);
    let report = Report::of(&shown, &import, |pointer| locations.place(&shown, pointer));
    if let Some(path) = &arguments.report {
        let json = serde_json::to_string_pretty(&report)? + "\n";
        fs::write(path, json).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let heading = [format!("Made by `tollgate import openapi` from {shown}.")];
    let written = match arguments.format {
        ImportFormat::Toml => import::toml(&heading, &import.sections),
        ImportFormat::Yaml => import::yaml(&heading, &import.sections),
    };
    let Some(directory) = &arguments.out else {
        eprint!("{}", report.text());
        output::print(&written)?;
        return Ok(ExitCode::SUCCESS);
    };
    let target = target(directory, path, arguments.format);
    fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    if let Some(Described { file, .. }) = &options.validate {
        let copy = directory.join(file);
        let folder = copy.parent().unwrap_or(directory);
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        write_new(&copy, &text)?;
    }
    write_new(&target, &written)?;
    output::print(&format!("{}\n{} is new\n", report.text(), target.display()))?;
    check(directory)
}

fn refused(found: &[Diagnostic]) -> anyhow::Result<ExitCode> {
    for one in found {
        eprintln!("{one}");
    }
    Ok(ExitCode::FAILURE)
}

/// What the author wants, and what is there already.
fn options(arguments: &Openapi) -> anyhow::Result<Options> {
    let prefix = arguments.prefix.trim_end_matches('/').to_owned();
    if !prefix.is_empty() {
        let pattern = Pattern::path(&prefix).map_err(|error| anyhow!("--prefix: {}", error.message))?;
        if pattern.captures().next().is_some() || prefix.contains(['{', '}', '?', '#']) {
            bail!("--prefix is a path without parameters");
        }
    }
    if let Some(name) = &arguments.upstream
        && !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    {
        bail!("--upstream: letters, digits, and any of . _ -");
    }
    let there = arguments.out.as_deref().map(what_is_there).transpose()?.flatten();
    let (mut taken, mut upstream_is_known) = (BTreeSet::new(), false);
    for (_, document) in there.iter().flat_map(|loaded| &loaded.documents) {
        let upstreams = document.upstreams.keys();
        taken.extend(upstreams.chain(document.auth.keys()).chain(document.policies.keys()).cloned());
        taken.extend(document.routes.iter().map(|route| route.id.clone()));
        let known = arguments.upstream.as_ref().is_some_and(|name| document.upstreams.contains_key(name));
        upstream_is_known |= known;
        taken.extend(document.openapi.keys().cloned());
    }
    let validate = arguments.validate.then(|| described(&arguments.file, &taken));
    Ok(Options { validate, upstream: arguments.upstream.clone(), upstream_is_known, prefix, taken })
}

/// The configuration in `directory`, if there is one.
fn what_is_there(directory: &Path) -> anyhow::Result<Option<Loaded>> {
    let configuration = |path: &Path| {
        path.extension()
            .and_then(|it| it.to_str())
            .is_some_and(|it| ["toml", "yaml", "yml", "json"].contains(&it))
    };
    let Ok(entries) = fs::read_dir(directory) else { return Ok(None) };
    if !entries.flatten().any(|entry| configuration(&entry.path())) {
        return Ok(None);
    }
    author::load_dir(directory).map(Some).map_err(|found| {
        let first = found.first().map(ToString::to_string).unwrap_or_default();
        anyhow!("{} has mistakes; correct them first, or write without --out:\n{first}", directory.display())
    })
}

/// What the document is called in the configuration, and where it will be.
fn described(file: &Path, taken: &BTreeSet<String>) -> Described {
    let legal = |text: String| -> String {
        let fits = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
        text.chars().map(|it| if fits(it) { it } else { '-' }).collect()
    };
    let stem = file.file_stem().map(|stem| legal(stem.to_string_lossy().into_owned())).unwrap_or_default();
    let mut name = stem.clone();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{stem}-{number}");
        number += 1;
    }
    let extension = file.extension().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    Described { file: format!("openapi/{name}.{extension}"), name }
}

/// The file that is added: named as the document is.
fn target(directory: &Path, document: &Path, format: ImportFormat) -> PathBuf {
    let stem = document.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = stem.trim_start_matches('.');
    let stem = if stem.is_empty() { "openapi" } else { stem };
    let extension = match format {
        ImportFormat::Toml => "toml",
        ImportFormat::Yaml => "yaml",
    };
    directory.join(format!("{stem}.{extension}"))
}

fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = opened.with_context(|| format!("{} cannot be written", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", path.display()))
}

/// Whether the configuration is one, now that the file is in it.
fn check(directory: &Path) -> anyhow::Result<ExitCode> {
    let found = author::load_dir(directory).and_then(|loaded| {
        let compiled = Plan::compile(&loaded.documents, &Abilities::NATIVE);
        compiled.map(|_| ()).map_err(|mut found| {
            loaded.locations.locate(&mut found);
            found
        })
    });
    match found {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(found) => {
            let place = Place::new(directory.display().to_string(), "");
            let help = "the routes of a document may be taken already: give them a --prefix of their own";
            let mut all = vec![Diagnostic::error(place, "the configuration has mistakes now").help(help)];
            all.extend(found);
            refused(&all)
        }
    }
}
