//! A limit of a thousand is a thousand, however many gateways and connections ask at once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::fleet::Fleet;
use crate::load::{CONNECTIONS, Load, Rate, count, statuses, worst};
use crate::redis::{self, Redis};

/// The limit.
pub const LIMIT: usize = 1_000;

/// Requests on each connection: together more than twice the limit.
const REQUESTS: usize = 12;

/// A configuration whose only route counts everybody's requests together in `redis`.
pub fn configuration(redis: &Redis, rest: &str) -> String {
    format!(
        "[telemetry]\naccess_log = \"json\"\n[store]\nredis = \"{}\"\n\
         [rate_limits.all]\nwindow = {{ limit = {LIMIT}, per = \"{}h\" }}\nkey = \"everybody\"\nstore = \"default\"\n\
         {rest}\n[[routes]]\nid = \"all\"\nauth = \"public\"\nrate_limits = \"all\"\nrespond = {{ status = 200, body = \"fine\" }}\n",
        redis.url(),
        hours()
    )
}

/// A window of a day, or some hours more where that would end soon: spans begin at multiples of it since 1970.
fn hours() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let ends_late = |hours: &u64| hours * 3600 - now % (hours * 3600) > 900;
    (24..48).find(ends_late).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_gateways_admit_exactly_the_limit() {
    if !redis::is_there() {
        return;
    }
    let redis = Redis::start();
    // However busy the machine is, nothing is decided without the store.
    let configuration = configuration(&redis, "on_store_failure = \"deny\"\nstore_timeout = \"5s\"");
    let fleet = Fleet::start(&configuration, &configuration);
    let answers = Load::start(&fleet, Rate { requests: REQUESTS, pause: Duration::ZERO }).finish().await;
    println!("{:?}; longest: {}", statuses(&answers), worst(&fleet, &answers));
    let asked = fleet.0.len() * CONNECTIONS * REQUESTS;
    assert_eq!(answers.len(), asked);
    assert_eq!(count(&answers, 200), LIMIT, "{:?}", statuses(&answers));
    assert_eq!(count(&answers, 429), asked - LIMIT, "{:?}", statuses(&answers));
    // Each of them took part.
    for member in 0..fleet.0.len() {
        let own: Vec<_> = answers.iter().filter(|answer| answer.member == member).cloned().collect();
        assert!(count(&own, 200) > 0, "{}: {:?}", fleet.0[member].name, statuses(&own));
    }
}
