//! The plan in the memory image: compiled when the configuration is frozen into the module, there when an instance
//! begins.
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

/// The plan; none in a module that was never frozen.
pub fn plan() -> Option<Arc<Plan>> {
    PLAN.get().cloned()
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
        Ok(plan) => {
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
    let text = read.map_err(|error| vec![format!("cannot read the configuration: {error}")])?;
    serde_json::from_slice(&text)
        .map_err(|error| vec![format!("the configuration is not as expected: {error}")])
}

fn compile(documents: Vec<(String, Document)>) -> Result<Plan, Vec<String>> {
    let in_words = |found: &[Diagnostic]| found.iter().map(ToString::to_string).collect::<Vec<_>>();
    let abilities = match (cfg!(feature = "spin-atomics"), cfg!(feature = "spin")) {
        (true, _) => Abilities::ATOMIC,
        (false, true) => Abilities::COMPONENT,
        (false, false) => Abilities::PORTABLE,
    };
    let (plan, warnings) = Plan::compile(&documents, &abilities).map_err(|mistakes| in_words(&mistakes))?;
    for warning in in_words(&warnings) {
        eprintln!("{warning}");
    }
    Ok(plan)
}
