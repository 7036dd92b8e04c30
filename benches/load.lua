-- For wrk: one line of numbers that a program can read. Times in microseconds.
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("result\t%d\t%d\t%d\t%d\t%d\t%d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
