vcl 4.1;

# Varnish's own rules (builtin.vcl) with what an author has to add for the RFC: requests with credentials and cookies are
# looked up, answers to credentials are kept where they say that they may be, and stale ones that have a validator are kept
# to be validated.

backend default {
    .host = "127.0.0.1";
    .port = "@ORIGIN@";
}

sub vcl_recv {
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.http.Cache-Control ~ "(?i)no-cache|no-store|max-age=0" || req.http.Pragma ~ "(?i)no-cache") {
        set req.hash_always_miss = true;
    }
    return (hash);
}

sub vcl_backend_response {
    if (bereq.http.Authorization && beresp.http.Cache-Control !~ "(?i)public|must-revalidate|s-maxage") {
        set beresp.uncacheable = true;
        return (deliver);
    }
    if (beresp.http.Cache-Control ~ "(?i)no-store|private" || beresp.http.Vary ~ "\*") {
        set beresp.uncacheable = true;
        return (deliver);
    }
    if (beresp.http.Cache-Control ~ "(?i)no-cache") {
        set beresp.ttl = 0s;
    }
    if (beresp.ttl <= 0s && !beresp.http.ETag && !beresp.http.Last-Modified) {
        set beresp.uncacheable = true;
    }
    return (deliver);
}
