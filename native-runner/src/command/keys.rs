//! `tollgate keys`: keys made, listed and revoked.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tollgate::auth::api_key::form::DEFAULT_PREFIX;
use tollgate::auth::consumer::{Consumer, Key};
use tollgate::host::{Secret, UnixMillis};
use tollgate::plan::Abilities;

use crate::args::keys::{Create, KeptPlace, Keys, KeysCommand, List, Revoke};
use crate::host::store::now;
use crate::host::{Opened, Store, Variables};
use crate::keys::remote::{Remote, TOKEN, wrong};
use crate::keys::{NewKey, Register, shown};
use crate::load;
use crate::output::print;

mod snippet;

/// Does what is asked.
pub fn keys(arguments: &Keys) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &arguments.command {
            KeysCommand::Create(create) => make(create, now()).await,
            KeysCommand::List(list) => show(list, now()).await,
            KeysCommand::Revoke(revoke) => take_away(revoke, now()).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

// === create ===

async fn make(create: &Create, now: UnixMillis) -> anyhow::Result<()> {
    if let Some(url) = &create.place.admin {
        return make_there(create, &remote(url)?, now).await;
    }
    let (text, key) = new(create, now).make(create.prefix.as_deref().unwrap_or(DEFAULT_PREFIX), now)?;
    let mut consumer = Consumer { id: create.consumer.as_str().into(), ..Consumer::default() };
    if let Some(file) = &create.place.store {
        let register = register(file, &create.store_label, true)?;
        keep(create, &register, &key, consumer, now).await?;
    } else {
        overwrite(create, &mut consumer);
        tollgate::auth::consumer::check(&consumer).map_err(|what| anyhow::anyhow!("{what}"))?;
        eprint!(
            "{}",
            if create.place.print { snippet::toml(&consumer, &key) } else { snippet::spin(&consumer, &key) }
        );
    }
    tell(&text, &key.digest.name(), &create.consumer)
}

fn new(create: &Create, now: UnixMillis) -> NewKey {
    let seconds = |when: Option<crate::args::keys::When>| when.map(|when| when.seconds(now.0 / 1_000));
    NewKey {
        consumer: create.consumer.clone(),
        label: create.label.clone(),
        not_before: seconds(create.not_before),
        expires: seconds(create.expires),
    }
}

/// Writes the consumer, where there is something to write, and then the key: a key never stands without its consumer.
async fn keep(
    create: &Create,
    register: &Register,
    key: &Key,
    mut consumer: Consumer,
    now: UnixMillis,
) -> anyhow::Result<()> {
    let known = register.consumer(&create.consumer, now).await?;
    let is_new = known.is_none();
    consumer = known.unwrap_or(consumer);
    if overwrite(create, &mut consumer) || is_new {
        register.put_consumer(&consumer, now).await?;
    }
    if is_new {
        eprintln!("the consumer {} is new", create.consumer);
    }
    Ok(register.put_key(key, false, now).await?)
}

/// Takes over what the command line says of the consumer; says whether it says anything.
fn overwrite(create: &Create, consumer: &mut Consumer) -> bool {
    if !create.groups.is_empty() {
        consumer.groups = create.groups.iter().map(|group| group.as_str().into()).collect();
    }
    if let Some(plan) = &create.plan {
        consumer.plan = Some(plan.as_str().into());
    }
    !create.groups.is_empty() || create.plan.is_some()
}

async fn make_there(create: &Create, remote: &Remote, now: UnixMillis) -> anyhow::Result<()> {
    let says = !create.groups.is_empty() || create.plan.is_some();
    if says {
        write_consumer_there(create, remote).await?;
    }
    let new = new(create, now);
    let mut asked = json!({ "consumer": new.consumer, "label": new.label });
    for (name, moment) in [("not_before", new.not_before), ("expires", new.expires)] {
        if let Some(moment) = moment {
            asked[name] = shown::date(moment).into();
        }
    }
    if let Some(prefix) = &create.prefix {
        asked["prefix"] = prefix.as_str().into();
    }
    let (mut status, mut said) = remote.ask(Method::POST, "/keys", Some(&asked)).await?;
    if status == StatusCode::NOT_FOUND && !says {
        write_consumer_there(create, remote).await?;
        (status, said) = remote.ask(Method::POST, "/keys", Some(&asked)).await?;
    }
    anyhow::ensure!(status == StatusCode::CREATED, "{}", wrong(status, &said));
    let text = said["key"].as_str().context("the server's answer has no key in it")?;
    tell(&Secret::new(text), said["id"].as_str().unwrap_or_default(), &create.consumer)
}

/// What is known of the consumer stays, but for what the command line says.
async fn write_consumer_there(create: &Create, remote: &Remote) -> anyhow::Result<()> {
    let (status, mut said) =
        remote.ask(Method::GET, &format!("/consumers/{}", create.consumer), None).await?;
    match status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => {
            eprintln!("the consumer {} is new", create.consumer);
            said = json!({ "id": create.consumer });
        }
        status => anyhow::bail!("{}", wrong(status, &said)),
    }
    if !create.groups.is_empty() {
        said["groups"] = create.groups.clone().into();
    }
    if let Some(plan) = &create.plan {
        said["plan"] = plan.as_str().into();
    }
    remote.must(Method::POST, "/consumers", Some(&said)).await.map(drop)
}

/// The one time that the key is shown.
fn tell(text: &Secret, id: &str, consumer: &str) -> anyhow::Result<()> {
    eprintln!("the key {id} of {consumer}; it is shown this once:");
    Ok(print(&format!("{}\n", text.expose()))?)
}

// === list ===

async fn show(list: &List, now: UnixMillis) -> anyhow::Result<()> {
    let keys = match &list.place.admin {
        Some(url) => listed_there(list, &remote(url)?).await?,
        None => {
            let register = kept(&list.place)?;
            let mut keys = Vec::new();
            let mut after = None;
            loop {
                let (page, next) = register.keys(list.consumer.as_deref(), after.as_deref(), now).await?;
                keys.extend(page.iter().map(|key| shown::key(key, now)));
                after = next;
                if after.is_none() {
                    break keys;
                }
            }
        }
    };
    let text = if list.json { format!("{:#}\n", Value::from(keys)) } else { shown::table(&keys) };
    Ok(print(&text)?)
}

async fn listed_there(list: &List, remote: &Remote) -> anyhow::Result<Vec<Value>> {
    let mut keys = Vec::new();
    let mut after = String::new();
    loop {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("consumer", list.consumer.as_deref()), ("after", Some(&*after))] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                query.append_pair(name, value);
            }
        }
        let mut page = remote.must(Method::GET, &format!("/keys?{}", query.finish()), None).await?;
        keys.append(page["keys"].as_array_mut().context("the server's answer has no keys in it")?);
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => return Ok(keys),
        }
    }
}

// === revoke ===

async fn take_away(revoke: &Revoke, now: UnixMillis) -> anyhow::Result<()> {
    match &revoke.place.admin {
        Some(url) => {
            let is_digit = |byte: u8| byte.is_ascii_hexdigit();
            anyhow::ensure!(revoke.id.bytes().all(is_digit), "a key is named by hexadecimal digits");
            remote(url)?.must(Method::DELETE, &format!("/keys/{}", revoke.id), None).await?;
        }
        None => kept(&revoke.place)?.revoke(&revoke.id, now).await?,
    }
    eprintln!("the key {} is revoked", revoke.id);
    Ok(())
}

// === where ===

fn remote(url: &str) -> anyhow::Result<Remote> {
    let token = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
    let token = token.with_context(|| format!("the environment variable {TOKEN} is not set"))?;
    Remote::new(url, Secret::new(token))
}

fn kept(place: &KeptPlace) -> anyhow::Result<Register> {
    register(place.store.as_deref().unwrap_or(Path::new("")), &place.store_label, false)
}

/// A store is made only where something is to be written.
fn register(place: &Path, label: &str, make: bool) -> anyhow::Result<Register> {
    if place.is_dir() {
        return configured(place);
    }
    anyhow::ensure!(make || place.exists(), "there is no store {}", place.display());
    Ok(Register::new(Store::open(place)?, label))
}

/// The store of the configuration in `directory`.
fn configured(directory: &Path) -> anyhow::Result<Register> {
    let plan = match load::load(directory, &Abilities::NATIVE) {
        Ok(configuration) => configuration.plan,
        Err(diagnostics) => anyhow::bail!("{}", load::report(&diagnostics)),
    };
    let store = plan.auth.store.as_ref().context("the configuration has no [store] to keep anything in")?;
    anyhow::ensure!(
        store.file.is_some() || store.redis.is_some(),
        "the [store] of the configuration is in the server's memory: ask the server (--admin)"
    );
    let opened = Opened::of(Some(store), directory, &Arc::new(Variables::default()))?;
    Ok(Register::new(opened, &store.label))
}
