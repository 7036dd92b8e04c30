//! Routes whose upstream speaks GraphQL.

use std::sync::Arc;

use http::StatusCode;

use super::compile::{Context, Pointer};
use super::scalar::nearest;
use crate::config;
use crate::expression::{Expression, Kind as Wanted, Known, Variable};
use crate::graphql::GraphQl;
use crate::graphql::document::{Kind, Operation, operations};
use crate::json::Path;

/// The largest document, in bytes: whatever needs more is better kept at the upstream.
const LONGEST: usize = 64 << 10;

/// The largest answer, in bytes, where nothing is said, and the largest that may be said.
const MOST: (u64, u64) = (1 << 20, 64 << 20);

impl Context<'_> {
    /// How a route asks an upstream that speaks GraphQL.
    pub(super) fn graphql(
        &mut self,
        at: &Pointer,
        written: &config::GraphQl,
        proxied: bool,
    ) -> Option<Box<GraphQl>> {
        if !proxied {
            self.error(at, "graphql is for routes with an upstream");
        }
        let operation = self.graphql_operation(at, written)?;
        let get = match written.method.as_deref() {
            None | Some("POST") => false,
            Some("GET") if operation.kind == Kind::Query => true,
            Some("GET") => {
                // GraphQL over HTTP section 5.4: nothing is changed by a GET.
                self.error(&at.key("method"), "a mutation is not sent by GET").help("leave method out");
                false
            }
            Some(other) => {
                self.error(&at.key("method"), format!("\"{other}\" is neither POST nor GET"));
                false
            }
        };
        self.declared(at, written, &operation);
        let variables = self.graphql_variables(&at.key("variables"), written);
        let reads_content = variables.iter().any(|(_, value)| value.reads().contains(&Variable::Content));
        let statuses = written.statuses.iter().filter_map(|(code, status)| {
            let status = self.failing(&at.key("statuses").key(code), *status)?;
            Some((code.as_str().into(), status))
        });
        let statuses = statuses.collect();
        let null_status = written.null_status.and_then(|it| self.failing(&at.key("null_status"), it));
        let place = self.graphql_place(&at.key("at"), written.at.as_deref())?;
        let most = written.most.as_ref().map_or(MOST.0, |most| self.size(&at.key("most"), most));
        if most > MOST.1 {
            self.error(&at.key("most"), "this is held in memory, and may have 64 MiB at most");
        }
        Some(Box::new(GraphQl {
            query: written.query.as_str().into(),
            operation: written.operation.as_deref().map(Into::into),
            variables: variables.into(),
            reads_content,
            get,
            at: place,
            null_status,
            statuses,
            messages: written.messages.unwrap_or(false),
            partial: written.partial.unwrap_or(false),
            most: usize::try_from(most).unwrap_or(usize::MAX),
        }))
    }

    fn graphql_variables(
        &mut self,
        at: &Pointer,
        written: &config::GraphQl,
    ) -> Vec<(Box<str>, Arc<Expression>)> {
        let known = Known { content: true, ..Known::default() };
        let variables = written.variables.iter().filter_map(|(name, source)| {
            let value = self.expression_with(&at.key(name), source, Wanted::Any, &known)?;
            Some((name.as_str().into(), value))
        });
        variables.collect()
    }

    /// What of `data` is the answer.
    fn graphql_place(&mut self, at: &Pointer, written: Option<&str>) -> Option<Path> {
        let Some(text) = written else { return Path::new(Vec::new()).ok() };
        let path = self.mapping_path(at, text)?;
        if path.scope() > 0 {
            self.error(at, "one place is the answer, and `[*]` stands for several");
        }
        Some(path)
    }

    /// The operation that is meant.
    fn graphql_operation(&mut self, at: &Pointer, written: &config::GraphQl) -> Option<Operation> {
        let at_query = at.key("query");
        if written.query.len() > LONGEST {
            self.error(&at_query, "the document has more than 64 KiB");
            return None;
        }
        let all = match operations(&written.query) {
            Ok(all) => all,
            Err(wrong) => {
                self.error(&at_query, format!("the document cannot be read: {wrong}"));
                return None;
            }
        };
        let found = match &written.operation {
            None if all.len() > 1 => {
                let names: Vec<_> = all.iter().filter_map(|it| it.name.as_deref()).collect();
                self.error(&at_query, "the document has several operations")
                    .help(format!("operation names the one that is meant: {}", names.join(", ")));
                return None;
            }
            None => all.into_iter().next(),
            Some(name) => {
                let near = nearest(name, all.iter().filter_map(|it| it.name.as_deref())).map(str::to_owned);
                let found = all.into_iter().find(|it| it.name.as_deref() == Some(name));
                if found.is_none() {
                    let message = format!("the document has no operation \"{name}\"");
                    let reported = self.error(&at.key("operation"), message);
                    if let Some(near) = near {
                        reported.help(format!("did you mean \"{near}\"?"));
                    }
                    return None;
                }
                found
            }
        };
        match found {
            None => {
                self.error(&at_query, "the document has no operation");
                None
            }
            Some(operation) if operation.kind == Kind::Subscription => {
                self.error(&at_query, "a subscription has no one answer").help("use a query");
                None
            }
            found => found,
        }
    }

    /// Whether the variables are those that the operation declares.
    fn declared(&mut self, at: &Pointer, written: &config::GraphQl, operation: &Operation) {
        let at_variables = at.key("variables");
        for name in written.variables.keys() {
            if operation.variables.iter().any(|(declared, _)| declared == name) {
                continue;
            }
            let declared: Vec<_> = operation.variables.iter().map(|(name, _)| format!("${name}")).collect();
            let reported =
                self.error(&at_variables.key(name), format!("the operation has no variable ${name}"));
            if !declared.is_empty() {
                reported.help(format!("it has {}", declared.join(", ")));
            }
        }
        for (name, required) in &operation.variables {
            if *required && !written.variables.contains_key(name) {
                self.error(&at_variables, format!("the operation requires the variable ${name}"))
                    .help(format!("variables = {{ {name} = \"request.params.{name}\" }}"));
            }
        }
    }

    fn failing(&mut self, at: &Pointer, status: u16) -> Option<StatusCode> {
        if !(400..=599).contains(&status) {
            self.error(at, format!("{status} is no failure")).help("a status from 400 to 599");
            return None;
        }
        StatusCode::from_u16(status).ok()
    }
}
