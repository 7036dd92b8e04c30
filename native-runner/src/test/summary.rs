//! What a run of cases came to: failures as they happen, and the sum at the end.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _, stderr, stdout};

use tollgate::sim::case::HostKind;
use tollgate::sim::report::{Report, Verdict};

/// Counts reports and tells of them.
#[derive(Debug)]
pub struct Summary {
    colours: bool,
    /// Shown where somebody looks: cases over real hosts take a while.
    progress: bool,
    all: usize,
    done: usize,
    hosts: BTreeMap<HostKind, Count>,
}

#[derive(Debug, Default)]
struct Count {
    passed: usize,
    failed: usize,
    /// By reason.
    skipped: BTreeMap<String, usize>,
}

// === impl Summary ===

impl Summary {
    /// For so many reports.
    pub fn new(all: usize) -> Self {
        let progress = stderr().is_terminal();
        Self { colours: stdout().is_terminal(), progress, all, done: 0, hosts: BTreeMap::new() }
    }

    /// Counts `report`, and tells of it if it failed.
    pub fn add(&mut self, report: &Report) {
        self.done += 1;
        self.clear();
        let count = self.hosts.entry(report.host).or_default();
        match &report.verdict {
            Verdict::Passed => count.passed += 1,
            Verdict::Skipped(reason) => *count.skipped.entry(reason.clone()).or_default() += 1,
            Verdict::Failed(_) => {
                count.failed += 1;
                println!("{}", report.render(self.colours));
            }
        }
        if self.progress {
            eprint!("{}/{} {}", self.done, self.all, report.file);
            let _ = stderr().flush();
        }
    }

    /// Tells the sum. Whether nothing failed.
    pub fn finish(&self) -> bool {
        self.clear();
        for (host, count) in &self.hosts {
            println!("{}", count.line(host.name()));
        }
        self.hosts.values().all(|count| count.failed == 0)
    }

    fn clear(&self) {
        if self.progress {
            eprint!("\r\u{1b}[K");
        }
    }
}

// === impl Count ===

impl Count {
    fn line(&self, host: &str) -> String {
        let skipped: usize = self.skipped.values().sum();
        let mut line = format!("{host}: {} passed, {} failed, {skipped} skipped", self.passed, self.failed);
        for (reason, times) in &self.skipped {
            line.push_str(&format!("\n  {times} skipped: {reason}"));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_why_cases_were_skipped() {
        let skipped = BTreeMap::from([("needs virtual time".to_owned(), 2)]);
        let count = Count { passed: 1, failed: 0, skipped };
        assert_eq!(
            count.line("native"),
            "native: 1 passed, 0 failed, 2 skipped\n  2 skipped: needs virtual time"
        );
    }
}
