-- For wrk: one line of numbers that a program can read (times in microseconds), and requests with the tokens of the
-- file that the environment's TOKENS names, one after the other, in the field that TOKEN_FIELD begins; or, with DISTINCT,
-- each for another address.
local requests, at, threads = {}, 0, 0

setup = function(thread)
  thread:set("number", threads)
  threads = threads + 1
end

init = function()
  if (os.getenv("DISTINCT") or "") ~= "" then
    local before = string.format("%s?n=%d-%d-", wrk.path, os.time(), number)
    request = function()
      at = at + 1
      return wrk.format(nil, before .. at)
    end
    return
  end
  local file = os.getenv("TOKENS")
  if not file or file == "" then return end
  local field, before = os.getenv("TOKEN_FIELD"):match("^([^:]+): (.*)$")
  for token in io.lines(file) do
    requests[#requests + 1] = wrk.format(nil, nil, { Host = wrk.headers["Host"], [field] = before .. token })
  end
  at = math.random(#requests)
  request = function()
    at = at % #requests + 1
    return requests[at]
  end
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("result\t%d\t%d\t%d\t%d\t%d\t%d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
