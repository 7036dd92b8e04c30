//! A flowchart in the language of Mermaid (<https://mermaid.js.org/syntax/flowchart.html>).

use std::fmt::Write as _;

use super::Graph;

/// The flowchart.
pub fn draw(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    // Writing to a string cannot fail.
    let mut line = |line: String| {
        let _ = writeln!(text, "    {line}");
    };
    line(format!("request([\"{}\"])", quoted(&graph.asked)));
    for (index, step) in graph.steps.iter().enumerate() {
        let mut words = vec![format!("<b>{}</b>", quoted(&step.name)), quoted(&step.asks)];
        words.extend(step.notes.iter().map(|note| format!("<i>{}</i>", quoted(note))));
        line(format!("s{index}[\"{}\"]", words.join("<br/>")));
    }
    line(format!("answer([\"answer of {}\"])", quoted(&graph.route)));
    for (index, step) in graph.steps.iter().enumerate() {
        if step.needs.is_empty() && !step.spare {
            line(format!("request --> s{index}"));
        }
        for need in &step.needs {
            line(format!("s{need} --> s{index}"));
        }
        if let Some(spare) = step.stand_in {
            line(format!("s{index} -. fails .-> s{spare}"));
        }
        if let Some(into) = graph.stands_for(index) {
            line(format!("s{index} -. \"{}\" .-> answer", quoted(into)));
        }
        if let Some(into) = &step.into {
            line(format!("s{index} -- \"{}\" --> answer", quoted(into)));
        }
    }
    // What goes nowhere by itself and nobody waits for still ends before the answer.
    for index in graph.last().filter(|index| graph.steps[*index].into.is_none()) {
        line(format!("s{index} -.-> answer"));
    }
    for (index, _) in graph.steps.iter().enumerate().filter(|(_, step)| step.optional || step.spare) {
        line(format!("style s{index} stroke-dasharray: 4 3"));
    }
    text
}

/// Text within quotes, where Mermaid writes characters that mean something to it, or to HTML, as `#name;` and `#number;`.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            // Marks text as Markdown.
            '`' => out.push_str("#96;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
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
    fn steps_are_drawn_with_what_they_wait_for() {
        let drawn = draw(&graph());
        for line in [
            "flowchart LR",
            "    request([\"GET /dashboard/{user}\"])",
            "    s0[\"<b>user</b><br/>GET users /users/{user}\"]",
            "    s1[\"<b>orders</b><br/>GET orders /orders<br/><i>when size(#lt;a#gt;) == #quot;#35;#quot;</i>\"]",
            "    request --> s0",
            "    s0 --> s1",
            "    s1 -. fails .-> s2",
            "    s0 -- \"user\" --> answer",
            "    style s1 stroke-dasharray: 4 3",
        ] {
            assert!(drawn.lines().any(|other| other == line), "{line}\n{drawn}");
        }
    }
}
