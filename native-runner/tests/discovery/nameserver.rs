//! A server of DNS whose answers a test writes.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;

/// What there is at a name: records, each with its time to live.
pub type Records = Vec<(u32, RData)>;

/// A server of DNS, over UDP.
pub struct Nameserver {
    pub address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    asked: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Zone {
    records: BTreeMap<(String, RecordType), Records>,
    fails: bool,
}

impl Nameserver {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (zone, asked) = (Arc::new(Mutex::new(Zone::default())), Arc::new(AtomicUsize::new(0)));
        let (answers, count) = (Arc::clone(&zone), Arc::clone(&asked));
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                count.fetch_add(1, Ordering::Relaxed);
                let answer = answer(&Message::from_vec(&buffer[..length]).unwrap(), &answers.lock().unwrap());
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        });
        Self { address, zone, asked }
    }

    /// Has these records at `name` from now on.
    pub fn set(&self, name: &str, kind: RecordType, records: Records) {
        self.zone.lock().unwrap().records.insert((name.to_owned(), kind), records);
    }

    /// Answers SERVFAIL to everything, or no longer.
    pub fn fail(&self, fails: bool) {
        self.zone.lock().unwrap().fails = fails;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

pub fn a(ttl: u32, address: &str) -> (u32, RData) {
    match address.parse().unwrap() {
        IpAddr::V4(v4) => (ttl, RData::A(v4.into())),
        IpAddr::V6(v6) => (ttl, RData::AAAA(v6.into())),
    }
}

pub fn srv(ttl: u32, (priority, weight, port): (u16, u16, u16), target: &str) -> (u32, RData) {
    (ttl, RData::SRV(SRV::new(priority, weight, port, Name::from_ascii(target).unwrap())))
}

fn answer(question: &Message, zone: &Zone) -> Message {
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    let query = question.queries[0].clone();
    let name = query.name().to_ascii().to_ascii_lowercase();
    let known = zone.records.get(&(name.clone(), query.query_type()));
    let exists = zone.records.keys().any(|(known, _)| *known == name);
    answer.metadata.response_code = match () {
        () if zone.fails => ResponseCode::ServFail,
        () if exists => ResponseCode::NoError,
        () => ResponseCode::NXDomain,
    };
    if !zone.fails {
        for (ttl, data) in known.into_iter().flatten() {
            answer.add_answer(Record::from_rdata(query.name().clone(), *ttl, data.clone()));
        }
    }
    answer.add_query(query);
    answer
}
