//! The plan in the memory image: compiled when the configuration is frozen into the module, there when an instance
//! begins. A module that was never frozen compiles it for each request, from a file: to try a configuration, or many of
//! them, with one module that its host compiles once.
//!
//! Nothing here may touch a clock, a secret or anything random, because it would be the same in every instance. The
//! standard hash maps do, when the first one is made; none is made here: the plan has sorted vectors and tries, serde's
//! maps are ordered, and http's `HeaderMap`, of which a plan has none, takes a fixed hash until it is attacked.

use std::io::Read;
use std::sync::{Arc, OnceLock};

use crate::config::Document;
use crate::diagnostic::Diagnostic;
use crate::plan::{Abilities, Plan};

/// The documents, where the tool that freezes them cannot give them on standard input.
const FILE: &str = "/tollgate/configuration.json";

static PLAN: OnceLock<Arc<Plan>> = OnceLock::new();

/// The plan in the memory image. In a module that was never frozen: that of the documents in [`FILE`], every time, and
/// none where there is no such file.
///
/// # Errors
/// What is wrong with the documents in the file.
pub fn plan() -> Result<Option<Arc<Plan>>, Vec<String>> {
    if let Some(plan) = PLAN.get() {
        return Ok(Some(Arc::clone(plan)));
    }
    match std::fs::read(FILE) {
        Ok(text) => parse(&text).and_then(compile).map(|(plan, _)| Some(Arc::new(plan))),
        Err(_) => Ok(None),
    }
}

/// What `tollgate build` calls before it takes the memory image: reads `[[file, document], …]` as JSON and compiles it.
/// Says every mistake on standard error and traps on one.
#[allow(
    unsafe_code,
    reason = "the name is the contract with whoever freezes the module; nothing else has it"
)]
#[unsafe(export_name = "wizer-initialize")]
extern "C" fn initialise() {
    match read().and_then(compile) {
        Ok((plan, warnings)) => {
            for warning in warnings {
                eprintln!("{warning}");
            }
            drop(PLAN.set(Arc::new(plan)));
            super::heap::tidy();
        }
        Err(reasons) => {
            for reason in reasons {
                eprintln!("{reason}");
            }
            std::process::abort();
        }
    }
}

fn read() -> Result<Vec<(String, Document)>, Vec<String>> {
    let mut text = Vec::new();
    let read = std::io::stdin().read_to_end(&mut text).and_then(|length| match length {
        // An opened file leaves the list of its directories in libc's memory: standard input is the better way.
        0 => std::fs::read(FILE),
        _ => Ok(std::mem::take(&mut text)),
    });
    parse(&read.map_err(|error| vec![format!("cannot read the configuration: {error}")])?)
}

fn parse(text: &[u8]) -> Result<Vec<(String, Document)>, Vec<String>> {
    serde_json::from_slice(text)
        .map_err(|error| vec![format!("the configuration is not as expected: {error}")])
}

/// The plan, and what its warnings say.
fn compile(documents: Vec<(String, Document)>) -> Result<(Plan, Vec<String>), Vec<String>> {
    let in_words = |found: &[Diagnostic]| found.iter().map(ToString::to_string).collect::<Vec<_>>();
    let abilities = match (cfg!(feature = "spin-atomics"), cfg!(feature = "spin")) {
        (true, _) => Abilities::ATOMIC,
        (false, true) => Abilities::COMPONENT,
        (false, false) => Abilities::PORTABLE,
    };
    let (plan, warnings) = Plan::compile(&documents, &abilities).map_err(|mistakes| in_words(&mistakes))?;
    Ok((plan, in_words(&warnings)))
}
