-- For wrk: one line of numbers that a program can read (times in microseconds), and requests with the tokens of the
-- file that the environment's TOKENS names, one after the other, in the field that TOKEN_FIELD begins.
local requests, at = {}, 0

init = function()
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
