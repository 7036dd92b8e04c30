//! Requests and answers as some client or server might write them.
//!
//! The model of the cache reads what they mean; the gateway reads what is written. Whatever noise is in the writing, both
//! must come to the same.

#![allow(dead_code, clippy::unwrap_used)]

use http::{HeaderMap, HeaderName, HeaderValue};

use super::message::{Answer, Moment, Number, RECEIVED, Request, Says, Wants};

/// Which of many ways of writing is taken, one choice after the other.
pub struct Pen(u64);

impl Pen {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn choose<'a>(&mut self, ways: &[&'a str]) -> &'a str {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ways[usize::try_from(self.0 >> 33).unwrap() % ways.len()]
    }

    fn case(&mut self, text: &str) -> String {
        match self.choose(&["as it is", "as it is", "upper", "mixed"]) {
            "upper" => text.to_uppercase(),
            "mixed" => text.char_indices().fold(String::new(), |mut text, (at, letter)| {
                text.push(if at % 2 == 0 { letter.to_ascii_uppercase() } else { letter });
                text
            }),
            _ => text.to_owned(),
        }
    }

    fn number(&mut self, number: Number) -> String {
        match number {
            Number::Seconds(seconds) => {
                let text = format!("{}{seconds}", self.choose(&["", "", "0", "000"]));
                if self.choose(&["token", "token", "quoted"]) == "quoted" {
                    format!("\"{text}\"")
                } else {
                    text
                }
            }
            Number::Nonsense => {
                self.choose(&["", "x", "-1", "1.5", "'60'", "60s", " 60", "\"6 0\"", "+60"]).to_owned()
            }
        }
    }

    /// A number that is alone in its field, as that of `Age`.
    fn bare(&mut self, number: Number) -> String {
        match number {
            Number::Seconds(seconds) => format!("{}{seconds}", self.choose(&["", "00"])),
            Number::Nonsense => self.choose(&["", "x", "-1", "1.5", "0, 0", "3;x", "\"3\""]).to_owned(),
        }
    }

    fn date(&mut self, moment: Moment) -> String {
        match moment {
            Moment::At(after) => {
                let form = self.choose(&["fixed", "fixed", "rfc850", "asctime"]);
                let text = calendar(RECEIVED + after, form);
                self.case(&text)
            }
            Moment::Nonsense => self
                .choose(&[
                    "0",
                    "-1",
                    "",
                    "soon",
                    "Sun, 06 Nov 2094 08:49:37 UTC",
                    "Sun, 31 Nov 2094 08:49:37 GMT",
                ])
                .to_owned(),
        }
    }

    /// Directives, on one line or several.
    fn lines(&mut self, directives: Vec<String>) -> Vec<String> {
        let mut lines = vec![String::new()];
        for directive in directives {
            let line = lines.last_mut().unwrap();
            if line.is_empty() {
                line.push_str(&directive);
            } else if self.choose(&["same", "same", "next"]) == "next" {
                lines.push(directive);
            } else {
                line.push_str(self.choose(&[",", ", ", " ,\t", ", ,, "]));
                line.push_str(&directive);
            }
        }
        lines
    }
}

impl Says {
    fn written(self, pen: &mut Pen) -> String {
        let name = pen.case(self.name());
        match self {
            Self::MaxAge(number)
            | Self::SharedMaxAge(number)
            | Self::StaleWhileRevalidate(number)
            | Self::StaleIfError(number) => format!("{name}={}", pen.number(number)),
            Self::PrivateCookie => {
                format!(
                    "{name}={}",
                    pen.choose(&[
                        "\"Set-Cookie\"",
                        "set-cookie",
                        "\"x-a, set-cookie\"",
                        "\", Set-Cookie ,\""
                    ])
                )
            }
            Self::NoCacheField => format!("{name}={}", pen.choose(&["\"x-a\"", "x-a", "\"X-A,x-b\""])),
            Self::Unknown => pen
                .choose(&["unknown", "a=\"max-age=3, no-store\"", "b=\"\\\", private\"", "c=1", "immutable"])
                .to_owned(),
            _ => name,
        }
    }

    /// As a member of a dictionary (RFC 9651).
    fn member(self, pen: &mut Pen) -> String {
        let name = self.name();
        match self {
            Self::MaxAge(number)
            | Self::SharedMaxAge(number)
            | Self::StaleWhileRevalidate(number)
            | Self::StaleIfError(number) => match number {
                Number::Seconds(seconds) => format!("{name}={seconds}{}", pen.choose(&["", ";a=1"])),
                Number::Nonsense => {
                    format!("{name}{}", pen.choose(&["", "=1.5", "=\"60\"", "=x", "=-1", "=(1)"]))
                }
            },
            Self::PrivateCookie => format!("{name}={}", pen.choose(&["\"Set-Cookie\"", "set-cookie"])),
            Self::NoCacheField => format!("{name}=\"x-a\""),
            _ => format!("{name}{}", pen.choose(&["", "=?1", ";x"])),
        }
    }
}

impl Answer {
    /// The fields of the answer.
    pub fn written(&self, pen: &mut Pen) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        };
        let directives = self.cache_control.iter().map(|says| says.written(pen)).collect();
        pen.lines(directives).iter().for_each(|line| put("cache-control", line));
        for (name, members) in [("tollgate-cache-control", &self.ours), ("cdn-cache-control", &self.cdn)] {
            if let Some(members) = members {
                let members: Vec<_> = members.iter().map(|says| says.member(pen)).collect();
                put(name, &members.join(pen.choose(&[", ", ",", " ,\t"])));
            }
        }
        for (name, moment) in
            [("expires", self.expires), ("date", self.date), ("last-modified", self.last_modified)]
        {
            if let Some(moment) = moment {
                put(name, &pen.date(moment));
            }
        }
        if let Some(age) = self.age {
            put("age", &pen.bare(age));
        }
        if self.etag {
            put("etag", pen.choose(&["\"a\"", "W/\"a\""]));
        }
        if self.set_cookie {
            put("set-cookie", "a=b");
        }
        if self.vary_all {
            put("vary", pen.choose(&["*", "accept, *"]));
        }
        headers
    }
}

impl Request {
    /// The fields of the request.
    pub fn written(&self, pen: &mut Pen) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let directives: Vec<_> = self.wants.iter().map(|wants| wants.written(pen)).collect();
        if !directives.is_empty() {
            for line in pen.lines(directives) {
                headers.append("cache-control", HeaderValue::from_str(&line).unwrap());
            }
        }
        if self.pragma {
            headers.insert("pragma", HeaderValue::from_static("no-cache"));
        }
        if self.authorization {
            headers.insert("authorization", HeaderValue::from_static("Basic eDp5"));
        }
        headers
    }
}

impl Wants {
    fn written(self, pen: &mut Pen) -> String {
        let (name, number) = match self {
            Self::NoCache => ("no-cache", None),
            Self::NoStore => ("no-store", None),
            Self::OnlyIfCached => ("only-if-cached", None),
            Self::MaxAge(number) => ("max-age", Some(number)),
            Self::MinFresh(number) => ("min-fresh", Some(number)),
            Self::MaxStale(number) => ("max-stale", number),
            Self::StaleIfError(number) => ("stale-if-error", Some(number)),
        };
        let name = pen.case(name);
        number.map_or(name.clone(), |number| format!("{name}={}", pen.number(Number::Seconds(number))))
    }
}

/// A date, counted out a year and a month at a time.
fn calendar(seconds: i64, form: &str) -> String {
    let leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let weekdays = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    let (mut days, clock) = (seconds / 86_400, seconds % 86_400);
    let weekday = weekdays[usize::try_from(days % 7).unwrap()];
    let mut year = 1970;
    while days >= 365 + i64::from(leap(year)) {
        days -= 365 + i64::from(leap(year));
        year += 1;
    }
    let mut month = 0;
    loop {
        let length = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month];
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (day, month) = (days + 1, names[month]);
    let time = format!("{:02}:{:02}:{:02}", clock / 3600, clock / 60 % 60, clock % 60);
    match form {
        "rfc850" => format!("{weekday}, {day:02}-{month}-{:02} {time} GMT", year % 100),
        "asctime" => format!("{} {month} {day:2} {time} {year}", &weekday[..3]),
        _ => format!("{}, {day:02} {month} {year} {time} GMT", &weekday[..3]),
    }
}
