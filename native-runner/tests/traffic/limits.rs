//! Limits: each is answered with its own status, and nobody can hold what others need.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, sleep};

use crate::support::gateway::proxy;
use crate::support::h2::{Client, get, post};
use crate::support::wire::{End, field, status};
use crate::support::{Gateway, Upstream, Wire, eventually, within};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const FIXED: &str =
    "[[routes]]\nauth = \"public\"\nid = \"fixed\"\nrespond = { status = 200, body = \"ok\" }";

#[tokio::test]
async fn heads_have_limits() {
    let limits = "[server.limits]\nrequest_line = \"200B\"\nheaders = \"2KiB\"\nheader_count = 20";
    let gateway = Gateway::start(limits, FIXED);
    let long = "x".repeat(300);
    let large = format!("X-A: {}\r\n", "x".repeat(300)).repeat(8);
    let many = "X-A: b\r\n".repeat(30);
    for (path, fields, expected) in
        [(&*long, "", 414), ("", &*large, 431), ("", &many, 431), (&long[..100], "X-A: b\r\n", 200)]
    {
        let mut client = gateway.connect().await;
        client.send(format!("GET /{path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).await;
        assert_eq!(client.status().await, expected);

        let client = Client::connect(gateway.address).await;
        let mut request = get(&format!("/{path}"));
        for line in fields.lines() {
            let value = line.split_once(": ").unwrap().1.parse().unwrap();
            request.headers_mut().append("x-a", value);
        }
        let (answer, _) = client.open(request, true).await;
        assert_eq!(within("an answer", answer).await.unwrap().status(), expected, "HTTP/2");
        assert_eq!(client.get("/").await.unwrap().1, "ok", "the connection goes on");
    }
}

#[tokio::test]
async fn bodies_have_limits() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.head().await;
        let (body, _) = wire.rest().await;
        assert!(!body.ends_with(b"0\r\n\r\n"), "a shorter request was made of it");
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, "limits = { body = \"1KiB\" }"));
    let body = "x".repeat(2000);
    for request in [
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n{body}"),
        format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n{body}\r\n0\r\n\r\n"),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n".to_owned(),
    ] {
        let mut client = gateway.connect().await;
        client.send(request).await;
        let (head, body) = client.message().await;
        assert_eq!((status(&head), field(&head, "connection")), (413, Some("close")), "{head}");
        assert!(body.contains("#body-too-large"), "{body}");
        // Whatever follows is thrown away, never a request.
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(client.rest().await.0, b"");
    }
    let client = Client::connect(gateway.address).await;
    for announced in [true, false] {
        let mut request = post("/");
        if announced {
            request.headers_mut().insert("content-length", 2000.into());
        }
        let (answer, mut stream) = client.open(request, false).await;
        let _ = stream.send_data(body.clone().into(), true);
        assert_eq!(within("an answer", answer).await.unwrap().status(), 413);
    }
    let records = gateway.records(5).await;
    assert!(records.iter().all(|record| record["outcome"] == "body-too-large"), "{records:?}");
}

#[tokio::test]
async fn a_stalled_upload_is_given_up() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.head().await;
        assert_eq!(wire.rest().await.0, b"half");
    })
    .await;
    let gateway = Gateway::start("", &proxy(upstream.address, "timeouts = { idle = \"200ms\" }"));
    let mut client = gateway.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf").await;
    let (head, body) = client.message().await;
    assert_eq!((status(&head), field(&head, "connection")), (408, Some("close")), "{head}");
    assert!(body.contains("#request-timeout"), "{body}");
    assert_eq!(client.rest().await.0, b"");
    let record = gateway.record().await;
    assert_eq!((&record["outcome"], &record["bytes_in"]), (&"request-timeout".into(), &4.into()), "{record}");
}

#[tokio::test]
async fn upstreams_have_their_time() {
    let silent = Upstream::start(|mut wire, _| async move {
        wire.rest().await;
    })
    .await;
    let slow = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n").await;
        while wire.send("x").await {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let rest = format!(
        "[upstreams]\nsilent.url = \"http://{}\"\nslow.url = \"http://{}\"\n\
         [[routes]]\nauth = \"public\"\nid = \"first\"\nupstream = \"silent\"\nmatch.path = \"/first\"\ntimeouts = {{ first_byte = \"100ms\" }}\n\
         [[routes]]\nauth = \"public\"\nid = \"whole\"\nupstream = \"silent\"\nmatch.path = \"/whole\"\ntimeouts = {{ request = \"100ms\" }}\n\
         [[routes]]\nauth = \"public\"\nid = \"slow\"\nupstream = \"slow\"\nmatch.path = \"/slow\"\ntimeouts = {{ request = \"200ms\" }}\n",
        silent.address, slow.address
    );
    let gateway = Gateway::start("", &rest);
    let mut client = gateway.connect().await;
    for path in ["/first", "/whole"] {
        client.get(path).await;
        let (head, body) = client.message().await;
        assert_eq!(status(&head), 504, "{path}");
        assert!(body.contains("#upstream-timeout") && head.contains("http_response_timeout"), "{head}{body}");
    }
    // Once the answer has begun, it can only be broken off.
    client.get("/slow").await;
    assert_eq!(status(&client.head().await), 200);
    assert!(client.rest().await.0.len() < 100);
    assert_eq!(gateway.records(3).await[2]["outcome"], "answer-deadline");
}

#[tokio::test]
async fn unreachable_upstreams() {
    let refusing = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // A listener whose queue is full takes no further connection, and refuses none either.
    let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    full.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    full.listen(0).unwrap();
    let deaf = full.local_addr().unwrap().as_socket().unwrap();
    let mut queue = Vec::new();
    for _ in 0..4 {
        let stream = tokio::net::TcpStream::connect(deaf);
        queue.push(tokio::time::timeout(Duration::from_millis(100), stream).await);
    }
    let resetting = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        let _ = socket2::SockRef::from(&wire.stream).set_linger(Some(Duration::ZERO));
    })
    .await;
    for (address, expected, slug) in [
        (refusing, 502, "upstream-refused"),
        (deaf, 504, "upstream-connect-timeout"),
        (resetting.address, 502, "upstream-terminated"),
    ] {
        let gateway = Gateway::start("", &proxy(address, "timeouts = { connect = \"300ms\" }"));
        let mut client = gateway.connect().await;
        client.get("/").await;
        let (head, body) = client.message().await;
        assert_eq!(status(&head), expected, "{slug}: {head}");
        assert!(body.contains(&format!("#{slug}\"")), "{slug}: {body}");
    }
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let gateway = Gateway::start("[server.limits]\nidle = \"500ms\"", FIXED);
    let begun = Instant::now();
    // One that never says anything, one that has, one of HTTP/2, and one that only claims to be.
    let mut silent = gateway.connect().await;
    let mut used = gateway.connect().await;
    used.get("/").await;
    assert_eq!(used.status().await, 200);
    let http2 = Client::connect(gateway.address).await;
    http2.get("/").await.unwrap();
    let mut pretender = gateway.connect().await;
    pretender.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(silent.rest().await, (Vec::new(), End::Closed));
    assert_eq!(used.rest().await, (Vec::new(), End::Closed));
    within("the end", http2.connection).await.unwrap().unwrap();
    pretender.rest().await;
    assert!(begun.elapsed() > Duration::from_millis(500), "{:?}", begun.elapsed());
    eventually("all places", || gateway.server.snapshot().connections == 0).await;
}

/// A client that asks for much and reads nothing does not hold its request for ever, over either version.
#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").await;
        while wire.stream.write_all(&[b'x'; 1 << 16]).await.is_ok() {}
    })
    .await;
    let gateway = Gateway::start("[server.limits]\nidle = \"1s\"", &proxy(upstream.address, ""));
    let mut http1 = gateway.connect().await;
    http1.get("/").await;
    let http2 = Client::connect(gateway.address).await;
    let (answer, _stream) = http2.open(get("/"), true).await;
    let body = within("an answer", answer).await.unwrap().into_body();
    eventually("both requests", || gateway.server.snapshot().in_flight == 2).await;
    eventually("the end of both", || gateway.server.snapshot().in_flight == 0).await;
    drop((body, http1));
    let records = gateway.records(2).await;
    assert!(records.iter().all(|record| record["outcome"] == "client-gone"), "{records:?}");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let gateway = Gateway::start("[server.limits]\nconnections = 2", FIXED);
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut client = gateway.connect().await;
        client.get("/").await;
        assert_eq!(client.status().await, 200);
        open.push(client);
    }
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut client = gateway.connect().await;
        client.get("/").await;
        waiting.push(client);
    }
    for client in &mut waiting {
        assert!(client.is_silent_for(Duration::from_millis(50)).await);
    }
    assert_eq!(gateway.server.snapshot().connections, 2);
    // Those that are in go on, and each that leaves lets another in.
    open[0].get("/").await;
    assert_eq!(open[0].status().await, 200);
    drop(open);
    for mut client in waiting {
        assert_eq!(client.status().await, 200);
    }
    eventually("all places", || gateway.server.snapshot().connections == 0).await;
}

#[tokio::test]
async fn requests_beyond_the_limit_are_shed() {
    let (let_go, gate) = tokio::sync::watch::channel(false);
    let upstream = Upstream::start(move |mut wire, _| {
        let mut gate = gate.clone();
        async move {
            wire.next_request().await;
            gate.wait_for(|open| *open).await.unwrap();
            wire.send(OK).await;
        }
    })
    .await;
    let gateway = Gateway::start("[server.limits]\nin_flight = 2", &proxy(upstream.address, ""));
    let mut busy = [gateway.connect().await, gateway.connect().await];
    for client in &mut busy {
        client.get("/").await;
    }
    eventually("two requests", || upstream.connections() == 2).await;
    let mut shed = gateway.connect().await;
    for _ in 0..2 {
        shed.get("/").await;
        let (head, body) = shed.message().await;
        assert_eq!((status(&head), field(&head, "retry-after")), (503, Some("1")), "{head}");
        assert!(body.contains("#overloaded"), "{body}");
    }
    let http2 = Client::connect(gateway.address).await;
    assert_eq!(http2.get("/").await.unwrap().0.status(), 503);
    let_go.send(true).unwrap();
    for client in &mut busy {
        assert_eq!(client.status().await, 200);
    }
    shed.get("/").await;
    assert_eq!(shed.status().await, 200);
}

/// Slow and silent clients by the hundred: each costs its place, and nobody else's time.
#[tokio::test]
async fn slow_clients_do_not_block_others() {
    let gateway = Gateway::start("[server.limits]\nheader_time = \"600ms\"", FIXED);
    let mut slow = Vec::new();
    for number in 0..300 {
        let mut client = gateway.connect().await;
        if number % 3 > 0 {
            client.send("GET / HTTP/1.1\r\nHost: a\r\nX-A: ").await;
        }
        slow.push(client);
    }
    let begun = Instant::now();
    let mut quick = gateway.connect().await;
    for _ in 0..50 {
        quick.get("/").await;
        assert_eq!(quick.status().await, 200);
    }
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    // Dribbling does not prolong it.
    let dribble = |mut client: Wire| async move {
        while client.is_silent_for(Duration::from_millis(50)).await {
            client.send("x").await;
        }
        assert_eq!(client.status().await, 408);
    };
    for (number, client) in slow.into_iter().enumerate().take(30) {
        if number % 3 > 0 {
            dribble(client).await;
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
