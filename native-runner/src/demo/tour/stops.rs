//! What there is to see.

use super::{Group, Stop};

const fn get(
    shows: &'static str,
    target: &'static str,
    status: u16,
    contains: &'static [&'static str],
) -> Stop {
    Stop { shows, method: "GET", target, headers: &[], body: None, times: 1, status, contains }
}

/// The tour, in order.
pub const GROUPS: [Group; 6] = [
    Group { title: "Routes to services", stops: &SERVICES },
    Group { title: "One call for many", stops: &COMPOSED },
    Group { title: "What the gateway answers itself", stops: &GATEWAY },
    Group { title: "Who may call (the keys and the token are public, for this demo alone)", stops: &ACCESS },
    Group { title: "How much they may call", stops: &LIMITS },
    Group { title: "What is not asked twice", stops: &KEPT },
];

const SERVICES: [Stop; 10] = [
    get("a service behind a prefix", "/users", 200, &["Ada Lovelace", "server-timing: gateway;dur="]),
    Stop {
        headers: &[("X-Beta", "yes")],
        ..get(
            "the same address, chosen by a header: the next version",
            "/users/2",
            200,
            &["\"family\":\"Hopper\""],
        )
    },
    get(
        "chosen by a query parameter: another form",
        "/products?format=csv",
        200,
        &["text/csv", "1,Enamel mug"],
    ),
    Stop {
        headers: &[("Host", "shop.localhost")],
        ..get("chosen by host, and rewritten to /products/3", "/3", 200, &["\"name\":\"Notebook\""])
    },
    get("one service's path, answered by another", "/users/1/orders", 200, &["\"id\":1001", "\"id\":1002"]),
    get("an old prefix that lives on", "/legacy/shop?search=mug", 200, &["Enamel mug", "Travel mug"]),
    get("a picture, with a field added on its way back", "/images/mug.svg", 200, &["max-age=3600", "<svg"]),
    Stop {
        method: "POST",
        headers: &[("Content-Type", "application/json")],
        body: Some("{\"user\": 2, \"product\": 3}"),
        ..get("a body on its way through", "/orders", 201, &["\"quantity\":1"])
    },
    get("events as they happen", "/orders/1001/events", 200, &["text/event-stream", "received", "delivered"]),
    Stop { method: "HEAD", ..get("HEAD, through GET", "/users/1", 200, &["content-type: application/json"]) },
];

const COMPOSED: [Stop; 4] = [
    get(
        "a user, the orders with what is in them, and recommendations: one answer of three services",
        "/dashboard/1",
        200,
        &[
            "tollgate-completed: true",
            "\"user\":{\"id\":1,\"name\":\"Ada Lovelace\",\"orders\":",
            "{\"id\":1001,\"product\":{\"number\":3,\"name\":\"Notebook\",\"price\":9.00,\"currency\":\"EUR\"},\"quantity\":2}",
            "\"recommendations\":[\"Travel mug\",\"Notebook\"]",
        ],
    ),
    get(
        "somebody for whom recommendations take too long: the answer says what is missing, and why",
        "/dashboard/2",
        200,
        &[
            "tollgate-completed: false",
            "tollgate-missing: recommendations;reason=timeout",
            "cache-control: no-store",
            "\"name\":\"Desk lamp\"",
        ],
    ),
    get(
        "without a user there is no dashboard: what the users service says",
        "/dashboard/99",
        404,
        &["no such user"],
    ),
    Stop {
        headers: &[("Accept", "application/xml")],
        ..get(
            "the same as XML, for who asks for that",
            "/dashboard/3",
            200,
            &["content-type: application/xml", "<name>Tote bag</name><price>18.00</price>"],
        )
    },
];

const GATEWAY: [Stop; 7] = [
    get("answered without any service", "/status", 200, &["{\"status\":\"open\"}"]),
    get("moved for good", "/people/2", 308, &["/users/2"]),
    Stop {
        method: "OPTIONS",
        ..get("what may be done here", "/users", 204, &["allow: GET, HEAD, OPTIONS, POST"])
    },
    Stop {
        method: "DELETE",
        ..get("and what may not", "/users/1", 405, &["allow: GET, HEAD, OPTIONS, POST", "method-not-allowed"])
    },
    get("an answer that takes too long", "/orders/1001/invoice", 504, &["upstream-timeout", "proxy-status:"]),
    get(
        "a path that servers read differently",
        "/users/1%2Forders",
        400,
        &["ambiguous-path", "encoded_slash"],
    ),
    Stop {
        headers: &[
            ("X-Request-Id", "my-first-request"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ],
        ..get(
            "your own request id and trace, in the answer and in the log",
            "/status",
            200,
            &["my-first-request"],
        )
    },
];

/// The key of the consumer `acme`. Public: it opens nothing but the demo.
const PARTNER_KEY: (&str, &str) = ("X-API-Key", "demo_5CieLaJvaux5WpCK2COaZscPKVPQmW0SJ2aMpR7gC7H3Bvn3q");
/// The key of the consumer `tester`.
const TESTER_KEY: (&str, &str) = ("X-API-Key", "demo_MxLimS2fPPSzB3Q5RZaCPK5nq4Xp3AFm6afuLpjOUrG0tpM0B");
/// The token of the user 1 with the scope `payments:read`, until the year 2100. Its issuer's private key was thrown away.
const TOKEN: (&str, &str) = (
    "Authorization",
    "Bearer eyJhbGciOiJFZERTQSIsImtpZCI6ImRlbW8ifQ.\
     eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiIxIiwiYXVkIjoic2hvcCIsImV4cCI6NDEwMjQ0NDgwMCwic2NvcGUiOiJwYXltZW50czpyZWFkIn0.\
     CGz-0q_Ajdc4nOByHwrvJ3ZQ3F-gVYVD-yjh9K2FQUBs-Q8SXQG7vgJJLtFyKyzbjUYol4BNtqv1ijDQus2TAA",
);

const ACCESS: [Stop; 10] = [
    get(
        "for partners: refused, and told what is missing",
        "/partners/orders",
        401,
        &["www-authenticate: ApiKey", "unauthenticated"],
    ),
    Stop {
        headers: &[PARTNER_KEY, ("X-Consumer", "globex")],
        ..get(
            "with a key; the service is told whose, whatever the client claims",
            "/partners/orders",
            200,
            &["\"partner\":\"acme\"", "\"region\":\"eu-west\"", "\"quantity\":200"],
        )
    },
    Stop {
        headers: &[TESTER_KEY],
        ..get("with the key of somebody who is no partner", "/partners/orders", 403, &["#forbidden"])
    },
    get("for one user: refused without a token", "/account/1", 401, &["www-authenticate: Bearer"]),
    Stop {
        headers: &[TOKEN],
        ..get(
            "with the user's token, and headers that make browsers careful",
            "/account/1",
            200,
            &["Ada Lovelace", "\"points\":120", "x-frame-options: DENY"],
        )
    },
    Stop {
        headers: &[TOKEN],
        ..get("the same token, somebody else's account: the policy", "/account/2", 403, &["#forbidden"])
    },
    Stop {
        headers: &[TOKEN],
        ..get("a scope that the token has", "/account/1/payments", 200, &["\"order\":1001"])
    },
    Stop {
        headers: &[TOKEN],
        ..get(
            "and one that it has not",
            "/reports/sales",
            403,
            &["error=\"insufficient_scope\"", "scope=\"reports:read\""],
        )
    },
    Stop {
        method: "OPTIONS",
        headers: &[
            ("Origin", "https://shop.example"),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "authorization"),
        ],
        ..get(
            "a browser asks whether a script of another origin may",
            "/account/1",
            204,
            &[
                "access-control-allow-origin: https://shop.example",
                "access-control-allow-headers: authorization",
            ],
        )
    },
    Stop {
        headers: &[("Origin", "https://shop.example")],
        ..get(
            "and what that script may read, a refusal too",
            "/account/1",
            401,
            &["access-control-allow-origin: https://shop.example", "unauthenticated"],
        )
    },
];

const LIMITS: [Stop; 5] = [
    Stop {
        headers: &[PARTNER_KEY],
        ..get(
            "what there is and what is left, in every answer: the plan \"gold\", and a quota for the month",
            "/partners/orders",
            200,
            &["ratelimit-policy: ", "\"gold\";q=200;w=4", "ratelimit: ", "\"gold-monthly\";r="],
        )
    },
    Stop {
        headers: &[PARTNER_KEY],
        ..get(
            "the same for whoever asks, without taking anything",
            "/.tollgate/usage",
            200,
            &["\"plan\":\"gold\"", "\"name\":\"gold-monthly\"", "\"remaining\":", "\"period\":\"month\""],
        )
    },
    Stop {
        headers: &[TESTER_KEY],
        ..get(
            "another consumer, another plan",
            "/.tollgate/usage",
            200,
            &["\"plan\":\"free\"", "\"limit\":1000,", "\"zone\":\"Europe/Berlin\""],
        )
    },
    Stop {
        times: 3,
        ..get(
            "two tickets, and then one a minute: the third answer says when to come again",
            "/tickets",
            429,
            &["retry-after: ", "#quota-exceeded", "violated-policies", "\"tickets\";r=0"],
        )
    },
    Stop {
        method: "POST",
        headers: &[("Content-Type", "application/json")],
        body: Some("{\"user\": 1, \"product\": 2}"),
        ..get("an order weighs as much as ten looks", "/orders", 201, &["\"orders\";q=200;w=10"])
    },
];

const KEPT: [Stop; 4] = [
    Stop {
        times: 3,
        ..get(
            "from the second on the answer comes from the cache, which says so, and for how long still",
            "/products/4",
            200,
            &["Desk lamp", "age: ", "cache-status: ", "; hit; ttl=", "surrogate-key: catalog product-4"],
        )
    },
    Stop {
        headers: &[("If-None-Match", "*")],
        times: 3,
        ..get(
            "whoever has it already is told that it has not changed",
            "/images/bag.svg",
            304,
            &["; hit; ttl="],
        )
    },
    Stop {
        method: "POST",
        headers: &[TESTER_KEY, ("Content-Type", "application/json")],
        body: Some("{\"tags\": [\"product-5\"]}"),
        ..get(
            "everything with a tag is forgotten, at once",
            "/.tollgate/purge",
            200,
            &["\"purged\":\"tags\""],
        )
    },
    Stop {
        method: "PURGE",
        headers: &[TESTER_KEY, ("Tollgate-Purge", "soft")],
        ..get(
            "and what is at an address: softly, so that it is there still if the service fails",
            "/products/5",
            200,
            &["\"purged\":\"address\"", "\"soft\":true"],
        )
    },
];
