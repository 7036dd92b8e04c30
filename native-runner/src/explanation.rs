//! An explanation for people.

use tollgate::author::Locations;
use tollgate::explain::{
    Answer, Asked, Cached, Composed, Considered, Counted, Explanation, Field, Keyed, Later, Outcome, Part,
    Seen, Sent, Verdict,
};

use crate::columns::align;
use crate::paint::Paint;
use crate::wording::{count, size, span_or_off};

/// The explanation as text. Routes for other hosts and paths are only counted, unless `all` are wanted.
pub fn text(explanation: &Explanation, locations: &Locations, all: bool, paint: Paint) -> String {
    let routes = match explanation.routes.is_empty() {
        true => "no route was looked at\n".to_owned(),
        false => routes(&explanation.routes, locations, all, paint),
    };
    let version = explanation.version.as_ref().map(|asked| version(asked, paint)).unwrap_or_default();
    let limits = limits(&explanation.limits, paint);
    let cache = explanation.cache.as_ref().map(|cached| cache(cached, paint)).unwrap_or_default();
    let (request, outcome) = (request(&explanation.request, paint), outcome(&explanation.outcome, paint));
    format!("{request}\n{routes}\n{version}{limits}{cache}{outcome}")
}

fn request(seen: &Seen, paint: Paint) -> String {
    let query = seen.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    let mut rows = vec![row("host", &seen.host), row("path", &seen.normal_path)];
    if seen.normal_path != seen.path {
        rows[1].push("in normal form".to_owned());
    }
    if !seen.ambiguities.is_empty() {
        rows.push(row("ambiguous", &seen.ambiguities.join(", ")));
    }
    rows.push(row("client", &seen.client));
    let line = format!("{} {}://{}{}{query}", seen.method, seen.scheme, seen.authority, seen.path);
    format!("{}\n{}", paint.strong(&line), align("  ", &rows))
}

fn row(name: &str, value: &str) -> Vec<String> {
    vec![name.to_owned(), value.to_owned()]
}

fn routes(routes: &[Considered], locations: &Locations, all: bool, paint: Paint) -> String {
    let is_near = |route: &&Considered| !matches!(route.verdict, Verdict::OtherHost | Verdict::OtherPath);
    let shown: Vec<_> = routes.iter().filter(|route| all || is_near(route)).collect();
    let rows: Vec<_> = shown.iter().map(|route| considered(route, locations)).collect();
    let mut text = paint.strong("routes, in the order in which they are tried");
    text.push('\n');
    for (line, route) in align("  ", &rows).lines().zip(&shown) {
        let line = match route.verdict {
            Verdict::Taken => paint.good(line),
            Verdict::Refused { .. } => paint.bad(line),
            _ => line.to_owned(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    let hidden = routes.len() - shown.len();
    if hidden > 0 {
        let hidden = count(hidden, "route");
        let rest = match shown.len() {
            0 => format!("  {hidden}, none for this host and path (--all shows them)"),
            _ => format!("  and {hidden} for another host or path (--all shows them)"),
        };
        text.push_str(&paint.faint(&rest));
        text.push('\n');
    }
    text
}

fn version(asked: &Asked, paint: Paint) -> String {
    let version = match (&asked.version, asked.stage) {
        (Some(version), Some(stage)) => format!("{version} ({stage})"),
        _ => "none".to_owned(),
    };
    let refused = asked.refused.map(|why| format!(": {why}")).unwrap_or_default();
    format!("{}\n  {version}{refused}\n\n", paint.strong(&format!("version of {}", asked.api)))
}

/// Nothing where nothing is counted.
fn limits(limits: &[Counted], paint: Paint) -> String {
    if limits.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = limits.iter().map(counted).collect();
    format!("{}\n{}\n", paint.strong("limits that count it"), align("  ", &rows))
}

fn counted(limit: &Counted) -> Vec<String> {
    let part = |part: &Part| match (&part.value, part.stands_in) {
        (Some(value), true) => format!("{} (none: {value})", part.part),
        (Some(value), false) if *value == part.part => value.clone(),
        (Some(value), false) => format!("{} {value}", part.part),
        (None, _) => format!("{} (a secret)", part.part),
    };
    let key = limit.key.iter().map(part).collect::<Vec<_>>().join(", ");
    let place = limit.store.as_ref().map_or("in memory".to_owned(), |store| format!("in {store}"));
    let shadow = if limit.shadow { ", in shadow" } else { "" };
    let shield = if limit.shield { ", before authentication" } else { "" };
    vec![
        limit.limit.clone(),
        limit.allows.clone(),
        format!("takes {}", limit.weight),
        format!("by {key}"),
        format!("{place}{shadow}{shield}"),
    ]
}

fn cache(cached: &Cached, paint: Paint) -> String {
    let lookup = match cached {
        Cached::PassedBy { why } => {
            let title = paint.strong("the cache has no say in it");
            return format!("{title}\n  {why}\n\n");
        }
        Cached::LookedUp(lookup) => lookup,
    };
    let keyed = |part: &Keyed| match (&part.value, part.secret) {
        (Some(value), _) => row(&part.part, value),
        (None, true) => row(&part.part, "(a secret)"),
        (None, false) => row(&part.part, "(none)"),
    };
    let place = lookup.store.as_ref().map_or("in memory".to_owned(), |store| format!("in {store}"));
    let title = format!("the cache looks for its answer {place}, under");
    let mut text = format!("{}\n  {}\n", paint.strong(&title), lookup.address);
    text.push_str(&align("  ", &lookup.key.iter().map(keyed).collect::<Vec<_>>()));
    text.push_str("  and what Vary of the answer names\n");
    text.extend(lookup.asked.iter().map(|consequence| format!("  as the client asks: {consequence}\n")));
    text.push('\n');
    text
}

fn considered(route: &Considered, locations: &Locations) -> Vec<String> {
    let place = locations.place(&route.file, &route.pointer);
    let written = place.position.map_or(place.file.clone(), |(line, _)| format!("{}:{line}", place.file));
    let sign = if route.verdict == Verdict::Taken { ">" } else { "-" };
    let host = route.host.as_deref().unwrap_or_default();
    vec![sign.to_owned(), route.id.clone(), format!("{host}{}", route.path), verdict(&route.verdict), written]
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Taken => "takes it".to_owned(),
        Verdict::After => "matches, but ranked after".to_owned(),
        Verdict::Refused { ambiguities } => format!("matches, but refuses {}", ambiguities.join(", ")),
        Verdict::OtherHost => "another host".to_owned(),
        Verdict::OtherPath => "another path".to_owned(),
        Verdict::Condition { wanted } => format!("does not hold: {wanted}"),
        Verdict::OtherMethod { wanted } if wanted.is_empty() => "another method".to_owned(),
        Verdict::OtherMethod { wanted } => format!("only {}", wanted.join(", ")),
    }
}

fn outcome(outcome: &Outcome, paint: Paint) -> String {
    match outcome {
        Outcome::Proxied(sent) => proxied(sent, paint),
        Outcome::Composed(made) => composed(made, paint),
        Outcome::DependsOnContent => {
            let title = "what happens depends on the content of the request, of which nothing is known";
            format!("{}\n  --data says what it is\n", paint.strong(title))
        }
        Outcome::Answered(answer) => {
            let why = answer.preflight.as_ref();
            let why = why.map(|route| format!(" to the preflight, by the CORS of the route \"{route}\""));
            let title = format!("the gateway answers {}{}", answer.status, why.unwrap_or_default());
            format!("{}\n{}", paint.strong(&title), answered(answer))
        }
        Outcome::Problem(answer) => {
            let problem = answer.problem.unwrap_or("problem");
            let title = format!("the gateway answers {}: {problem}", answer.status);
            format!("{}\n{}", paint.bad(&title), answered(answer))
        }
    }
}

fn proxied(sent: &Sent, paint: Paint) -> String {
    let title = format!("the upstream \"{}\" at {} gets", sent.upstream, sent.address);
    let mut text = format!("{}\n  {} {}\n", paint.strong(&title), sent.method, sent.target);
    text.push_str(&fields(&sent.headers));
    match &sent.content {
        Some(content) => text.push_str(&format!("\n{}", indented(content, "  "))),
        None if sent.unknown_content => {
            text.push_str("\n  and content that is made of the request's, of which nothing is known: --data says what it is\n");
        }
        None => {}
    }
    let title = if sent.made_of_answer {
        "and the client gets what is made of its answer, which is not known before"
    } else {
        "and the client gets its answer"
    };
    text.push_str(&format!("\n{}\n", paint.strong(title)));
    text.push_str(&fields(&sent.answer_added));
    if !sent.answer_removed.is_empty() {
        text.push_str(&format!("  without {}\n", sent.answer_removed.join(", ")));
    }
    let waits = &sent.timeouts;
    let span = |millis: Option<u64>| span_or_off(millis.map(std::time::Duration::from_millis));
    text.push_str(&format!(
        "\n{}\n  request {}, connect {}, first byte {}, idle {}; request body {}\n",
        paint.strong("within"),
        span(waits.request_ms),
        span(waits.connect_ms),
        span(waits.first_byte_ms),
        span(waits.idle_ms),
        size(sent.limits.body.unwrap_or(u64::MAX)),
    ));
    text
}

/// Of a composed route or of a batch.
fn composed(composed: &Composed, paint: Paint) -> String {
    let title = format!("asked at once, of at most {} at a time", composed.at_once);
    let mut text = format!("{}\n", paint.strong(&title));
    for sent in &composed.asked {
        let name = paint.strong(&sent.part);
        text.push_str(&format!("  {name}: the upstream \"{}\" at {} gets\n", sent.upstream, sent.address));
        text.push_str(&format!("    {} {}\n", sent.method, sent.target));
        text.extend(sent.headers.iter().map(|field| format!("    {}: {}\n", field.name, field.value)));
        text.extend(sent.content.iter().map(|content| format!("\n{}", indented(content, "    "))));
    }
    if composed.asked.is_empty() {
        text.push_str("  nothing\n");
    }
    if composed.batch {
        text.push_str(
            "\nother parts, if there are any, are answered by the gateway itself, or wait for these\n",
        );
    }
    if !composed.later.is_empty() {
        text.push_str(&format!("\n{}\n", paint.strong("later, with what is known only then")));
        let row = |later: &Later| {
            let asks = format!("{} {} {}", later.method, later.upstream, later.target);
            vec![later.step.clone(), later.why.clone(), asks]
        };
        text.push_str(&align("  ", &composed.later.iter().map(row).collect::<Vec<_>>()));
    }
    let title = paint.strong("and the client gets what is made of their answers");
    let within = composed.timeouts.request_ms.map(std::time::Duration::from_millis);
    text + &format!("\n{title}\n  within {}\n", span_or_off(within))
}

fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}

fn answered(answer: &Answer) -> String {
    let mut text = fields(&answer.headers);
    if !answer.body.is_empty() {
        text.push('\n');
        text.extend(answer.body.lines().map(|line| format!("  {line}\n")));
    }
    if let Some(cause) = &answer.cause {
        text.push_str(&format!("\n  the client is not told: {cause}\n"));
    }
    text
}

fn fields(fields: &[Field]) -> String {
    fields.iter().map(|field| format!("  {}: {}\n", field.name, field.value)).collect()
}

#[cfg(test)]
mod tests {
    use tollgate::explain::Lookup;

    use super::*;

    #[test]
    fn the_cache_in_words() {
        let keyed = |part: &str, value: Option<&str>, secret| Keyed {
            part: part.to_owned(),
            value: value.map(ToOwned::to_owned),
            secret,
        };
        let lookup = Lookup {
            address: "00ff".to_owned(),
            key: vec![
                keyed("path", Some("/x"), false),
                keyed("query", None, false),
                keyed("cookie sid", None, true),
            ],
            store: Some("default".to_owned()),
            asked: vec!["where nothing fresh is kept, the answer is 504"],
        };
        let expected = "the cache looks for its answer in default, under\n  00ff\n  path        /x\n  query       (none)\n  \
                        cookie sid  (a secret)\n  and what Vary of the answer names\n  \
                        as the client asks: where nothing fresh is kept, the answer is 504\n\n";
        assert_eq!(cache(&Cached::LookedUp(lookup), Paint::PLAIN), expected);
        let passed = Cached::PassedBy { why: "only answers to GET and HEAD are kept" };
        let expected = "the cache has no say in it\n  only answers to GET and HEAD are kept\n\n";
        assert_eq!(cache(&passed, Paint::PLAIN), expected);
    }
}
