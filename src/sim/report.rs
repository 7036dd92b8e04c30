//! What a case came to, told to people.

use std::fmt::Write as _;

use super::case::HostKind;
use super::compare::Difference;

/// What one case came to on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The case file.
    pub file: String,
    /// The case's story.
    pub story: String,
    /// The host.
    pub host: HostKind,
    /// What it came to.
    pub verdict: Verdict,
}

/// What a case came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was as expected.
    Passed,
    /// It was not run, for this reason.
    Skipped(String),
    /// Something was not as expected.
    Failed(Vec<Failing>),
}

/// What was not as expected in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failing {
    /// The case could not be run, or not to its end.
    Case(String),
    /// A step: its number from 1, its request in a line, and what was different.
    Step(usize, String, Vec<Difference>),
}

/// A value longer than this is cut.
const LONGEST: usize = 2_000;

// === impl Report ===

impl Report {
    /// Whether nothing was wrong.
    pub fn is_fine(&self) -> bool {
        !matches!(self.verdict, Verdict::Failed(_))
    }

    /// The report of a case that failed, as a difference: what was expected after `-`, what there was after `+`.
    pub fn render(&self, colours: bool) -> String {
        let paint = Paint(colours);
        let Verdict::Failed(failings) = &self.verdict else { return String::new() };
        let mut text =
            format!("{} {} on {}\n  {}\n", paint.red("FAILED"), self.file, self.host.name(), self.story);
        for failing in failings {
            match failing {
                Failing::Case(problem) => text.push_str(&indented(problem, "  ")),
                Failing::Step(number, request, differences) => {
                    let _ = writeln!(text, "  step {number}: {request}");
                    for difference in differences {
                        text.push_str(&paint.difference(difference));
                    }
                }
            }
        }
        text
    }
}

/// Colours, or none.
struct Paint(bool);

impl Paint {
    fn red(&self, text: &str) -> String {
        self.with("31", text)
    }

    fn green(&self, text: &str) -> String {
        self.with("32", text)
    }

    fn with(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn difference(&self, difference: &Difference) -> String {
        let mut text = format!("    {}\n", difference.what);
        let (expected, got) = (lines(&difference.expected), lines(&difference.got));
        let before = expected.iter().zip(&got).take_while(|(a, b)| a == b).count();
        let after = expected[before..]
            .iter()
            .rev()
            .zip(got[before..].iter().rev())
            .take_while(|(a, b)| a == b)
            .count();
        let mut push = |mark: &str, line: &str| {
            let line = format!("{mark} {line}");
            let line = match mark {
                "-" => self.red(&line),
                "+" => self.green(&line),
                _ => line,
            };
            text.push_str(&format!("      {line}\n"));
        };
        expected[..before].iter().for_each(|line| push(" ", line));
        expected[before..expected.len() - after].iter().for_each(|line| push("-", line));
        got[before..got.len() - after].iter().for_each(|line| push("+", line));
        expected[expected.len() - after..].iter().for_each(|line| push(" ", line));
        text
    }
}

/// The lines of a value, without what a terminal would act upon.
fn lines(text: &str) -> Vec<String> {
    let cut = match text.len() > LONGEST {
        true => format!("{}… ({} bytes)", &text[..text.floor_char_boundary(LONGEST)], text.len()),
        false => text.to_owned(),
    };
    let lines: Vec<_> = cut.lines().map(|line| line.replace(char::is_control, "\u{fffd}")).collect();
    if lines.is_empty() { vec!["(empty)".to_owned()] } else { lines }
}

fn indented(text: &str, indent: &str) -> String {
    text.lines().map(|line| format!("{indent}{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_differs() {
        let difference = |what: &str, expected: &str, got: &str| Difference {
            what: what.to_owned(),
            expected: expected.to_owned(),
            got: got.to_owned(),
        };
        let report = Report {
            file: "head.toml".to_owned(),
            story: "HEAD is answered".to_owned(),
            host: HostKind::Sim,
            verdict: Verdict::Failed(vec![
                Failing::Step(1, "GET /".to_owned(), vec![difference("body", "a\nb\nc", "a\nB\u{1b}[2J\nc")]),
                Failing::Case("deadlock".to_owned()),
            ]),
        };
        let expected = "FAILED head.toml on sim\n  HEAD is answered\n  step 1: GET /\n    body\n        a\n      \
                        - b\n      + B\u{fffd}[2J\n        c\n  deadlock\n";
        assert_eq!(report.render(false), expected);
        assert!(report.render(true).contains("\u{1b}[31m- b"));
    }
}
