//! A picture: one column for the request, one for each depth, one for the answer.

use std::fmt::Write as _;

use super::{Drawn, Graph};

/// The width of a character, in units of the picture: of a font of fixed width, so that it is known here.
const CHARACTER: usize = 7;
/// The height of a line.
const LINE: usize = 17;
/// The space within a box, and between boxes.
const WITHIN: usize = 12;
const BETWEEN: (usize, usize) = (70, 24);
/// The space around everything.
const AROUND: usize = 20;
/// The longest line: what is longer is cut off, and whole in the title that is shown on hovering.
const MOST: usize = 46;

/// A box in its place.
struct Placed {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

/// The picture.
pub fn draw(graph: &Graph) -> String {
    let texts: Vec<Vec<String>> = graph.steps.iter().map(lines).collect();
    let ends = [vec![graph.asked.clone()], vec![graph.route.clone()]];
    // The request, the steps, the answer.
    let columns = graph.columns() + 2;
    let column_of = |index: usize| match index.checked_sub(1) {
        None => 0,
        Some(step) => graph.steps.get(step).map_or(columns - 1, |step| step.column + 1),
    };
    let all: Vec<&Vec<String>> = ends[..1].iter().chain(&texts).chain(&ends[1..]).collect();
    let widths: Vec<usize> = (0..columns).map(|column| width_of(column, &all, &column_of)).collect();
    let heights: Vec<usize> = (0..columns).map(|column| height_of(column, &all, &column_of)).collect();
    let height = heights.iter().copied().max().unwrap_or_default();
    let mut tops: Vec<usize> = heights.iter().map(|own| AROUND + (height - own) / 2).collect();
    let placed: Vec<Placed> = all
        .iter()
        .enumerate()
        .map(|(index, lines)| {
            let column = column_of(index);
            let left = AROUND + widths[..column].iter().map(|width| width + BETWEEN.0).sum::<usize>();
            let own = lines.len() * LINE + 2 * WITHIN;
            let top = tops[column];
            tops[column] += own + BETWEEN.1;
            Placed { left, top, width: widths[column], height: own }
        })
        .collect();
    let width = widths.iter().sum::<usize>() + (columns - 1) * BETWEEN.0 + 2 * AROUND;
    let mut svg = head(graph, width, height + 2 * AROUND);
    edges(graph, &placed, &mut svg);
    for (index, (lines, place)) in all.iter().zip(&placed).enumerate() {
        let step = index.checked_sub(1).and_then(|step| graph.steps.get(step));
        boxed(step, lines, place, &mut svg);
    }
    svg.push_str("</svg>\n");
    svg
}

fn lines(step: &Drawn) -> Vec<String> {
    [&step.name, &step.asks].into_iter().chain(&step.notes).map(|line| cut(line)).collect()
}

fn cut(line: &str) -> String {
    if line.chars().count() <= MOST {
        return line.to_owned();
    }
    line.chars().take(MOST - 1).chain(['…']).collect()
}

fn width_of(column: usize, all: &[&Vec<String>], column_of: &impl Fn(usize) -> usize) -> usize {
    let own = all.iter().enumerate().filter(|(index, _)| column_of(*index) == column);
    let longest = own.flat_map(|(_, lines)| lines.iter()).map(|line| line.chars().count()).max();
    longest.unwrap_or_default() * CHARACTER + 2 * WITHIN
}

fn height_of(column: usize, all: &[&Vec<String>], column_of: &impl Fn(usize) -> usize) -> usize {
    let own = all.iter().enumerate().filter(|(index, _)| column_of(*index) == column);
    let heights: Vec<_> = own.map(|(_, lines)| lines.len() * LINE + 2 * WITHIN).collect();
    heights.iter().sum::<usize>() + heights.len().saturating_sub(1) * BETWEEN.1
}

fn head(graph: &Graph, width: usize, height: usize) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"11.5\">\n\
         <title>{}</title>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\" fill=\"#57606a\"/></marker></defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n",
        escaped(&format!("The steps of the route {}", graph.route))
    )
}

/// Everything that leads from one box to another, under the boxes. Boxes are the request, the steps, the answer.
fn edges(graph: &Graph, placed: &[Placed], svg: &mut String) {
    let answer = placed.len() - 1;
    let last: Vec<_> = graph.last().collect();
    for (index, step) in graph.steps.iter().enumerate() {
        let own = index + 1;
        if step.needs.is_empty() && !step.spare {
            edge(placed, (0, own), None, false, svg);
        }
        for need in &step.needs {
            edge(placed, (need + 1, own), None, false, svg);
        }
        if let Some(spare) = step.stand_in {
            edge(placed, (own, spare + 1), Some("fails"), true, svg);
        }
        match &step.into {
            Some(into) => edge(placed, (own, answer), Some(into), false, svg),
            None if last.contains(&index) => edge(placed, (own, answer), None, true, svg),
            None => {}
        }
    }
}

fn edge(placed: &[Placed], (from, to): (usize, usize), label: Option<&str>, dashed: bool, svg: &mut String) {
    let (from, to) = (&placed[from], &placed[to]);
    let (x1, y1) = (from.left + from.width, from.top + from.height / 2);
    let (x2, y2) = (to.left, to.top + to.height / 2);
    let bend = (x2.saturating_sub(x1) / 2).max(20);
    let dashes = if dashed { " stroke-dasharray=\"4 3\"" } else { "" };
    let (c1, c2) = (x1 + bend, x2.saturating_sub(bend));
    let _ = writeln!(
        svg,
        "<path d=\"M{x1} {y1}C{c1} {y1} {c2} {y2} {x2} {y2}\" fill=\"none\" stroke=\"#57606a\"{dashes} marker-end=\"url(#tip)\"/>"
    );
    if let Some(label) = label {
        // Beside the end that has it to itself.
        let (x, y) = (x1 + 6, y1.saturating_sub(5));
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" fill=\"#57606a\" font-size=\"10\">{}</text>", escaped(label));
    }
}

fn boxed(step: Option<&Drawn>, lines: &[String], place: &Placed, svg: &mut String) {
    let Placed { left, top, width, height } = *place;
    let dashes = if step.is_some_and(|step| step.optional || step.spare) { " stroke-dasharray=\"4 3\"" } else { "" };
    let (round, fill) = if step.is_some() { (4, "#f6f8fa") } else { (height / 2, "#ddf4ff") };
    let _ = writeln!(
        svg,
        "<g><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\" fill=\"{fill}\" stroke=\"#57606a\"{dashes}/>"
    );
    if let Some(step) = step {
        let whole: Vec<_> = [&step.name, &step.asks].into_iter().chain(&step.notes).map(|line| escaped(line)).collect();
        let _ = writeln!(svg, "<title>{}</title>", whole.join("\n"));
    }
    for (at, line) in lines.iter().enumerate() {
        let (x, y) = (left + WITHIN, top + WITHIN + at * LINE + LINE - 5);
        let weight = if at == 0 && step.is_some() { " font-weight=\"600\"" } else { "" };
        let fill = if at > 1 { "#57606a" } else { "#1f2328" };
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" fill=\"{fill}\"{weight}>{}</text>", escaped(line));
    }
    svg.push_str("</g>\n");
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::graph;

    #[test]
    fn a_picture_has_a_box_for_each_and_no_markup_of_others() {
        let drawn = draw(&graph());
        // Three steps, the request, the answer, and the ground.
        assert_eq!(drawn.matches("<rect ").count(), 6);
        // From the request, to the second step, to the one that stands in, and two to the answer.
        assert_eq!(drawn.matches("<path d=\"M").count(), 6);
        assert!(drawn.contains("when size(&lt;a&gt;) == &quot;#&quot;"), "{drawn}");
        assert!(!drawn.contains("<a>"));
        assert!(drawn.ends_with("</svg>\n"));
    }
}
