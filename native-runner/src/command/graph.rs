//! `tollgate graph`: the steps of a composed route, drawn.

use std::process::ExitCode;

use anyhow::bail;
use tollgate::plan::{Abilities, Action};

use crate::args::{Drawing, Graph as Arguments};
use crate::graph::{Graph, mermaid, svg};
use crate::{load, output};

/// Prints the drawing.
pub fn graph(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let configuration = match load::load(&arguments.directory, &Abilities::NATIVE) {
        Ok(configuration) => configuration,
        Err(diagnostics) => {
            eprintln!("{}", load::report(&diagnostics));
            return Ok(ExitCode::FAILURE);
        }
    };
    let plan = &configuration.plan;
    let Some(route) = plan.reachable().iter().find(|route| *route.id == *arguments.route) else {
        let composed = plan.reachable().iter().filter(|route| matches!(route.action, Action::Compose(_)));
        let composed: Vec<_> = composed.map(|route| &*route.id).collect();
        let there = match composed.is_empty() {
            true => "no route is composed".to_owned(),
            false => format!("composed are: {}", composed.join(", ")),
        };
        bail!("there is no route \"{}\"; {there}", arguments.route);
    };
    let Action::Compose(compose) = &route.action else {
        bail!("the route \"{}\" is not composed, so that it has no steps", route.id);
    };
    let graph = Graph::of(plan, route, compose);
    let text = match arguments.format {
        Drawing::Mermaid => mermaid::draw(&graph),
        Drawing::Svg => svg::draw(&graph),
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
