//! Which version of an API a request asks for.

use serde::Serialize;

use crate::host::UnixMillis;
use crate::plan::Plan;
use crate::version::Negotiated;

/// Which version of an API a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The API.
    pub api: String,
    /// The version; `None` where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where in its life that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<&'static str>,
    /// Why no route serves it, where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<&'static str>,
}

/// What became of the question for a version.
pub(super) fn of(plan: &Plan, UnixMillis(now): UnixMillis, negotiated: Negotiated) -> Option<Asked> {
    let api = plan.apis.get(negotiated.api?)?;
    let version = negotiated.version.and_then(|index| api.versions.get(index));
    Some(Asked {
        api: api.name.to_string(),
        version: version.map(|version| version.name.to_string()),
        stage: version.map(|version| version.life.stage(now / 1000).name()),
        refused: negotiated.refused.map(|refusal| refusal.words()),
    })
}
