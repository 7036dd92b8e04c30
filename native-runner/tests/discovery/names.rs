//! DNS: addresses and services that come, go, and cannot be had.

use hickory_resolver::proto::rr::RecordType;

use crate::nameserver::{Nameserver, a, srv};
use crate::support::gateway::Gateway;
use crate::{found, set, source, state, targets, three, who_answers};

fn start(nameserver: &Nameserver, url: &str, dns: &str, more: &str) -> Gateway {
    let address = nameserver.address;
    Gateway::start(
        "",
        &format!(
            "[upstreams.up]\nurl = \"{url}\"\n[upstreams.up.discovery]\n\
             dns = {{ nameservers = [\"{address}\"], {dns} }}\n{more}\n\
             [[routes]]\nid = \"all\"\nauth = \"public\"\nupstream = \"up\"\n"
        ),
    )
}

const LOOPBACK: &str = "allow = [\"127.0.0.0/8\"]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_come_and_go_and_stay_while_nobody_knows() {
    let nameserver = Nameserver::start().await;
    nameserver.set("up.test.", RecordType::A, vec![a(1, "127.0.0.2"), a(60, "127.0.0.1")]);
    let allow = "allow = [\"127.0.0.0/8\", \"2001:db8::/32\"]";
    let gateway = start(&nameserver, "http://up.test:9999", "name = \"up.test\"", allow);
    found(&gateway, ["127.0.0.1:9999", "127.0.0.2:9999"]).await;
    // The shorter time to live is over after a second.
    nameserver.set("up.test.", RecordType::A, vec![a(1, "127.0.0.3")]);
    found(&gateway, ["127.0.0.3:9999"]).await;
    nameserver.fail(true);
    state(&gateway, "stale").await;
    assert_eq!(targets(&gateway), set(["127.0.0.3:9999"]));
    nameserver.fail(false);
    state(&gateway, "fresh").await;
    // That there is nothing is not believed: a mistake in a zone should not take a service away.
    nameserver.set("up.test.", RecordType::A, Vec::new());
    state(&gateway, "stale").await;
    assert_eq!(targets(&gateway), set(["127.0.0.3:9999"]));
    nameserver.set("up.test.", RecordType::AAAA, vec![a(1, "::1"), a(1, "2001:db8::1")]);
    found(&gateway, ["[2001:db8::1]:9999"]).await;
    let source = source(&gateway);
    assert_eq!(
        (&source["source"], &source["in_force"], &source["refused"]),
        (&"dns".into(), &"found".into(), &1.into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lives_long_is_not_asked_for_again() {
    let nameserver = Nameserver::start().await;
    nameserver.set("up.test.", RecordType::A, vec![a(3_600, "10.0.0.1")]);
    let gateway = start(&nameserver, "http://up.test:9999", "name = \"up.test\", family = \"ipv4\"", "");
    found(&gateway, ["10.0.0.1:9999"]).await;
    nameserver.set("up.test.", RecordType::A, vec![a(3_600, "10.0.0.2")]);
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!((targets(&gateway), nameserver.asked()), (set(["10.0.0.1:9999"]), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_have_ports_priorities_and_weights_and_are_called() {
    let nameserver = Nameserver::start().await;
    let [one, two, three] = three().await;
    let (one, two, three) = (one.address.port(), two.address.port(), three.address.port());
    let services = vec![
        srv(1, (20, 0, one), "a.test."),
        srv(1, (10, 7, two), "b.test."),
        // RFC 2782: no service.
        srv(1, (10, 7, 1), "."),
    ];
    nameserver.set("_http._tcp.up.test.", RecordType::SRV, services);
    for name in ["a.test.", "b.test.", "c.test."] {
        nameserver.set(name, RecordType::A, vec![a(1, "127.0.0.1")]);
    }
    let gateway =
        start(&nameserver, "http://up.test", "name = \"_http._tcp.up.test\", family = \"ipv4\"", LOOPBACK);
    let (first, second) = (format!("a.test:{one}"), format!("b.test:{two}"));
    found(&gateway, [&first, &second]).await;
    let list = source(&gateway)["targets"].clone();
    let seen =
        |at: usize| (list[at]["name"].clone(), list[at]["priority"].clone(), list[at]["weight"].clone());
    assert_eq!(seen(0), (first.into(), 1.into(), 1.into()));
    assert_eq!(seen(1), (second.into(), 0.into(), 7.into()));
    nameserver.set("_http._tcp.up.test.", RecordType::SRV, vec![srv(1, (0, 1, three), "c.test.")]);
    found(&gateway, [&format!("c.test:{three}")]).await;
    assert_eq!(who_answers(&gateway, 5).await, set(["c"]));
}
