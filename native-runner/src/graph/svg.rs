//! A picture: one column for the request, one for each depth, one for the answer.

use std::fmt::Write as _;

use super::layout::{Edge, Layout, Placed, Run, Sized, place};
use super::{Drawn, Graph};

/// The width of a character, in units of the picture: of a font of fixed width, so that it is known here.
const CHARACTER: usize = 7;
/// The same of the smaller text at lines.
const SMALL: usize = 6;
/// The height of a line of text.
const LINE: usize = 17;
/// The space within a box.
const WITHIN: usize = 12;
/// The longest line of text, in characters: what is longer goes on in the next.
const MOST: usize = 38;

/// A line between two boxes.
struct Line {
    from: usize,
    to: usize,
    label: Option<String>,
    dashed: bool,
}

/// The picture.
pub fn draw(graph: &Graph) -> String {
    let mut texts = vec![vec![graph.asked.clone()]];
    texts.extend(graph.steps.iter().map(lines));
    texts.push(vec![format!("answer of {}", graph.route)]);
    let last = texts.len() - 1;
    let sized = texts.iter().enumerate().map(|(index, lines)| Sized {
        column: match index.checked_sub(1).and_then(|step| graph.steps.get(step)) {
            Some(step) => step.column + 1,
            None if index == last => graph.columns() + 1,
            None => 0,
        },
        width: lines.iter().map(|line| line.chars().count()).max().unwrap_or(0) * CHARACTER + 2 * WITHIN,
        height: lines.len() * LINE + 2 * WITHIN,
    });
    let between = between(graph, last);
    let label = |label: &str| label.chars().count() * SMALL + WITHIN;
    let edges = between.iter().map(|line| Edge {
        from: line.from,
        to: line.to,
        label: line.label.as_deref().map_or(0, label),
    });
    let layout = place(&sized.collect::<Vec<_>>(), &edges.collect::<Vec<_>>());
    let mut svg = head(graph, &layout);
    for (line, runs) in between.iter().zip(&layout.lines) {
        drawn(line, runs, &mut svg);
    }
    for (index, (lines, place)) in texts.iter().zip(&layout.boxes).enumerate() {
        let step = index.checked_sub(1).and_then(|step| graph.steps.get(step));
        boxed(step, lines, place, &mut svg);
    }
    svg.push_str("</svg>\n");
    svg
}

fn lines(step: &Drawn) -> Vec<String> {
    [&step.name, &step.asks].into_iter().chain(&step.notes).flat_map(|line| wrapped(line)).collect()
}

/// Text in lines of at most [`MOST`] characters, broken between words where there are any.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_inclusive(' ') {
        if length > 0 && length + word.trim_end().chars().count() > MOST {
            lines.push(String::new());
            length = 0;
        }
        for c in word.chars() {
            if length == MOST && c != ' ' {
                lines.push(String::new());
                length = 0;
            }
            if let Some(line) = lines.last_mut().filter(|_| length < MOST) {
                line.push(c);
                length += 1;
            }
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Everything that leads from one box to another. Boxes are the request, the steps, the answer.
fn between(graph: &Graph, answer: usize) -> Vec<Line> {
    let line =
        |from, to, label: Option<&str>, dashed| Line { from, to, label: label.map(str::to_owned), dashed };
    let mut lines = Vec::new();
    let last: Vec<_> = graph.last().collect();
    for (index, step) in graph.steps.iter().enumerate() {
        let own = index + 1;
        if step.needs.is_empty() && !step.spare {
            lines.push(line(0, own, None, false));
        }
        lines.extend(step.needs.iter().map(|need| line(need + 1, own, None, false)));
        lines.extend(step.stand_in.map(|spare| line(own, spare + 1, Some("fails"), true)));
        lines.extend(graph.stands_for(index).map(|into| line(own, answer, Some(into), true)));
        match &step.into {
            Some(into) => lines.push(line(own, answer, Some(into), false)),
            None if last.contains(&index) => lines.push(line(own, answer, None, true)),
            None => {}
        }
    }
    lines
}

fn head(graph: &Graph, layout: &Layout) -> String {
    let Layout { width, height, .. } = layout;
    let title = escaped(&format!("The steps of the route {}", graph.route));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"11.5\">\n\
         <title>{title}</title>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\" fill=\"#57606a\"/></marker></defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    )
}

/// A line as it is drawn: level where it has a place of its own, and bent between.
fn drawn(line: &Line, runs: &[Run], svg: &mut String) {
    let mut path = String::new();
    let mut from: Option<(usize, usize)> = None;
    for (begins, ends, y) in runs {
        // Writing to a string cannot fail.
        let _ = match from {
            None => write!(path, "M{begins} {y}"),
            Some((x, above)) => {
                let middle = x + begins.saturating_sub(x) / 2;
                write!(path, "C{middle} {above} {middle} {y} {begins} {y}")
            }
        };
        if ends > begins {
            let _ = write!(path, "H{ends}");
        }
        from = Some((*ends, *y));
    }
    let dashes = if line.dashed { " stroke-dasharray=\"4 3\"" } else { "" };
    let _ = writeln!(
        svg,
        "<path d=\"{path}\" fill=\"none\" stroke=\"#57606a\"{dashes} marker-end=\"url(#tip)\"/>"
    );
    if let (Some(label), Some((x, _, y))) = (&line.label, runs.first()) {
        let (x, y, label) = (x + WITHIN / 2, y.saturating_sub(4), escaped(label));
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" fill=\"#57606a\" font-size=\"10\">{label}</text>");
    }
}

fn boxed(step: Option<&Drawn>, lines: &[String], place: &Placed, svg: &mut String) {
    let Placed { left, top, width, height } = *place;
    let dashes =
        if step.is_some_and(|step| step.optional || step.spare) { " stroke-dasharray=\"4 3\"" } else { "" };
    let (round, fill) = if step.is_some() { (4, "#f6f8fa") } else { (14, "#ddf4ff") };
    let _ = writeln!(
        svg,
        "<g><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\" fill=\"{fill}\" stroke=\"#57606a\"{dashes}/>"
    );
    // A box may be higher than its text, where many lines lead to it.
    let first = top + height.saturating_sub(lines.len() * LINE) / 2;
    let before_notes = step.map_or(1, |step| wrapped(&step.name).len() + wrapped(&step.asks).len());
    for (at, line) in lines.iter().enumerate() {
        let (x, y) = (left + WITHIN, first + at * LINE + LINE - 5);
        let weight = if at == 0 && step.is_some() { " font-weight=\"600\"" } else { "" };
        let fill = if at < before_notes { "#1f2328" } else { "#57606a" };
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
        // From the request, to the second step, to the one that stands in, and three to the answer.
        assert_eq!(drawn.matches(" marker-end=").count(), 6);
        assert!(drawn.contains("when size(&lt;a&gt;) == &quot;#&quot;"), "{drawn}");
        assert!(!drawn.contains("<a>"));
        assert!(drawn.ends_with("</svg>\n"));
    }

    #[test]
    fn what_is_too_long_goes_on_in_the_next_line() {
        assert_eq!(wrapped("GET users /users/{user}"), ["GET users /users/{user}"]);
        let text = "when request.query.offers == 'yes' && request.method != 'HEAD'";
        assert_eq!(wrapped(text), ["when request.query.offers == 'yes' &&", "request.method != 'HEAD'"]);
        let word = "ä".repeat(MOST + 1);
        assert_eq!(wrapped(&format!("{word} b")), [&word[..MOST * 2], "ä b"]);
    }
}
