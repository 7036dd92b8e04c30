//! The page about expressions, for authors.

use std::fmt::Write as _;

use super::facts::Variable;
use super::node::Signature;
use super::{LIMIT, MOST_BYTES};

/// The page, in Markdown: `docs/expressions.md`.
pub fn reference() -> String {
    let mut page = BEGINNING.to_owned();
    page.push_str("\n| variable | type | what it is | known |\n|---|---|---|---|\n");
    for variable in Variable::ALL {
        let (name, kind, meaning) = (variable.name(), variable.kind(), variable.meaning().trim());
        // Writing to a text cannot fail.
        let _ = writeln!(page, "| `{name}` | {kind} | {meaning} | {} |", variable.place());
    }
    page.push_str(VALUES);
    page.push_str("\n| function | gives | what |\n|---|---|---|\n");
    for signature in Signature::ALL {
        let Signature { usage, gives, meaning, .. } = signature;
        let usage = usage.replace(" or ", "`, `");
        let _ = writeln!(page, "| `{usage}` | {gives} | {} |", meaning.trim());
    }
    page.push_str(END);
    page.replace("MOST_BYTES", &MOST_BYTES.to_string()).replace("LIMIT", &LIMIT.to_string())
}

const BEGINNING: &str = "\
<!-- Generated from src/expression: see `expression::reference`. To write it anew:
     TOLLGATE_BLESS=1 cargo test -p tollgate --test config -->

# Expressions

Conditions, keys, values and shapes are said in [CEL](https://cel.dev), the gateway's one such language. An expression is
read, its types checked as far as they are known and its cost bounded when the configuration is; what is wrong with it is
said then. At a request it may still have no value: a member is not there, a number is divided by zero. What follows from
that is said where the expression stands: a policy denies, a condition does not hold, a shape fails.

```cel
request.method == \"GET\" && \"staff\" in caller.groups
request.body.items.filter(item, item.qty > 0).map(item, {\"sku\": item.sku, \"qty\": item.qty})
steps.user.body.?nickname.orValue(steps.user.body.name)
```

## Variables

Some variables are not there for every request; `has(…)` asks, of them and of members.
";

const VALUES: &str = "
## Text with holes

Paths, query values, header values and cookies are text with holes: `/users/{id}/orders/{steps.user.body.id}`. A hole that
is the name of a capture of the route's path, such as `{id}`, is what was captured; any other is an expression, whose value
is text, a number, `true` or `false`, or a time. `{{` and `}}` are braces; an expression that begins with a brace has a
space before it.

In a path and in a query, what fills a hole is percent-encoded, so that it stays in its segment or parameter: only letters,
digits, `-`, `.`, `_` and `~` are written as they are. What `{*rest}` captured keeps its slashes. In a path, no value may be
empty, and none may make a segment `.` or `..`. A path or parameter that is made has at most 16 KiB, other text 1 MiB.

## Values of documents

- A number that is written as a whole one and has at most 64 bits is `int`, or `uint` where it is too large for that. Every
  other number (`1.10`, `1E2`, `1.0`, `12345678901234567890123`) is a `double`, and keeps how it was written: passed on, it
  is the same digit for digit, and it is compared exactly. A `double` in an expression stands for the shortest number that
  is read as it, so that `price == 1.1` holds of `1.10`.
- Calculating rounds as doubles do. A whole number of more than 64 bits is not calculated with, since that would lose
  digits; `double(x)` says that it may. `+`, `-`, `*` and `/` need two numbers of one type, as everywhere in CEL: of JSON,
  where `10` is an `int` and `10.5` is a `double`, write `double(item.price) * double(item.qty)`.
- What is calculated is written as ECMAScript writes numbers: `6`, not `6.0`. Times become text (RFC 3339), spans of time
  text in seconds (`5400s`), keys of maps text.
- Objects keep the order of their members, and so do maps that an expression makes.

## Members that may not be there

`claims.tenant` has no value where there is no such claim. `has(claims.tenant)` asks, and with `.?` and `[?…]` a member may
be there or not:

| written | what it is |
|---|---|
| `claims.?tenant.orValue(\"none\")` | the member, or else that |
| `steps.?user.body.name.orValue(\"\")` | the same of something deeper: all that follows `.?` may not be there either |
| `items[?0].orValue(null)` | of a list |
| `claims.?nick.or(claims.?name).orValue(\"?\")` | the first of several |
| `claims.?tenant.hasValue()` | whether it is there |
| `{?\"tenant\": claims.?tenant}`, `[?claims.?tenant]` | left out where it is not there |
| `x == \"\" ? optional.none() : optional.of(x)` | said by the expression |

Such a thing is no value of its own: it ends in one of these. What is `null`, or has no members at all, has no member of any
name.

## Functions

Operators are CEL's: `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `&&`, `||`, `!`, `? :`, `+`, `-`, `*`, `/`, `%`. So are the macros
`has`, `all`, `exists`, `exists_one`, `map` and `filter`; two of them may be inside one another. `text.matches(\"pattern\")`
takes a regular expression in RE2's syntax, and `in_network(client.address, \"10.0.0.0/8\")` a network or a list of them: both
are written in the expression. Of a time, `getFullYear`, `getMonth`, `getDate`, `getDayOfMonth`, `getDayOfWeek`, `getDayOfYear`,
`getHours`, `getMinutes`, `getSeconds` and `getMilliseconds` are asked, as `now.getHours(\"+01:00\")`. Places in texts are counted in
characters.
";

const END: &str = "
These are the functions of CEL and of cel-go's extensions `strings`, `lists`, `math` and `encoders`, but for those about
bytes: base64 is of text here. `sort`, `sortBy`, `math.greatest` and `math.least` take numbers of all types beside each other, in
the order that `<` has. `distinct` takes `1`, `1u` and `1.0` for one.

CEL has no way to put two maps together, and there is none here: documents are put together by shapes.

## What it may cost

An expression has at most MOST_BYTES bytes, and an evaluation uses at most LIMIT units, about a step or eight bytes that are
made; one that would use more has no value. What it uses for an ordinary large request, in which no list has more than 200
elements, no text more than 256 bytes and no number more than 63 digits, must be within that, or the configuration is refused. Lists of thousands are for
the operations of shapes: `rename`, `pick` and the others cost nothing that is counted here.
";
