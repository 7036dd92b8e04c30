//! Parameters of requests, each with its schema.

use std::collections::BTreeMap;

use super::super::compile::{Context, Pointer};
use super::super::expression::not_captured;
use crate::config;
use crate::config::{ParameterRule, ParameterSetting, ParameterStyle};
use crate::route::pattern::Pattern;
use crate::validation::{Parameter, Place, Style};

/// The most parameters of one kind: each is looked for in every request.
const MOST_PARAMETERS: usize = 128;

impl Context<'_> {
    pub(super) fn judged_parameters(
        &mut self,
        at: &Pointer,
        written: &config::Validation,
        pattern: Option<&Pattern>,
    ) -> Vec<Parameter> {
        let mut all = Vec::new();
        for (name, setting) in self.parameters_at(at, "params", &written.params) {
            let at = at.key("params").key(name);
            let Some(pattern) = pattern else { continue };
            match pattern.captures().position(|captured| captured == name) {
                Some(place) => all.extend(self.parameter(&at, Place::Path(place), name, setting)),
                None => {
                    let captures = not_captured(pattern, name).unwrap_or_default();
                    self.error(&at, format!("the path captures no \"{name}\"")).help(captures);
                }
            }
        }
        for (name, setting) in self.parameters_at(at, "query", &written.query) {
            all.extend(self.parameter(&at.key("query").key(name), Place::Query, name, setting));
        }
        for (name, setting) in self.parameters_at(at, "headers", &written.headers) {
            let at = at.key("headers").key(name);
            if let Some(field) = self.header_name(&at, name) {
                all.extend(self.parameter(&at, Place::Header(field), name, setting));
            }
        }
        for (name, setting) in self.parameters_at(at, "cookies", &written.cookies) {
            all.extend(self.parameter(&at.key("cookies").key(name), Place::Cookie, name, setting));
        }
        all
    }

    fn parameters_at<'w>(
        &mut self,
        at: &Pointer,
        key: &str,
        written: &'w BTreeMap<String, ParameterSetting>,
    ) -> impl Iterator<Item = (&'w str, &'w ParameterSetting)> + use<'w> {
        if written.len() > MOST_PARAMETERS {
            self.error(&at.key(key), format!("there are more than {MOST_PARAMETERS}"))
                .help("each is looked for in every request");
        }
        written.iter().map(|(name, setting)| (name.as_str(), setting))
    }

    fn parameter(
        &mut self,
        at: &Pointer,
        place: Place,
        name: &str,
        setting: &ParameterSetting,
    ) -> Option<Parameter> {
        let (at_schema, schema, required, written) = match setting {
            ParameterSetting::Schema(schema) => (at.clone(), schema, None, None),
            ParameterSetting::Table(ParameterRule { schema, required, style }) => {
                (at.key("schema"), schema, *required, *style)
            }
        };
        if name.is_empty() || name.len() > 256 {
            self.error(at, "a name has 1 to 256 bytes").help("such as \"page_size\"");
        }
        if matches!(place, Place::Path(_)) && required == Some(false) {
            self.error(&at.key("required"), "what a path captures is always there").help("remove required");
        }
        let style = self.parameter_style(&at.key("style"), &place, written);
        let (schema, kinds) = self.schema(&at_schema, schema)?;
        let required = required.unwrap_or(matches!(place, Place::Path(_)));
        Some(Parameter { place, name: name.into(), required, style, schema, kinds })
    }

    fn parameter_style(&mut self, at: &Pointer, place: &Place, written: Option<ParameterStyle>) -> Style {
        let in_query = *place == Place::Query;
        let style = match written {
            None if in_query => Style::Repeated,
            None | Some(ParameterStyle::Commas) => Style::Commas,
            Some(ParameterStyle::Repeated) => Style::Repeated,
            Some(ParameterStyle::Spaces) => Style::Spaces,
            Some(ParameterStyle::Pipes) => Style::Pipes,
            Some(ParameterStyle::Deep) => Style::Deep,
            Some(ParameterStyle::Json) => Style::Json,
        };
        if !in_query && !matches!(style, Style::Commas | Style::Json) {
            self.error(at, "values are only written so in the query")
                .help("\"commas\" and \"json\" are for all places");
        }
        style
    }
}
