-- Gives back what a request took that goes no further, as src/limit/algorithm.rs does. KEYS: one for each limit.
-- ARGV[1]: when it was taken, in milliseconds since 1970, or '' for this server's own clock, by which it was ARGV[2]
-- milliseconds ago; then four for each limit: the letter that its value begins with, two numbers (0, 0 for a bucket;
-- per, 0; for a calendar when the span began that it was taken in, and when it ended), and how much less is counted (for a
-- bucket, permits times `per`).
-- What is no longer there, or cannot be read, is given nothing. How long it lives stays as it is.
local taken
if ARGV[1] == '' then
  local time = redis.call('TIME')
  taken = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[2]
else
  taken = tonumber(ARGV[1])
end

local values = redis.call('MGET', unpack(KEYS))
for i = 1, #KEYS do
  local from = i * 4 - 1
  local value, kind = values[i], ARGV[from]
  local letter, at, used, before
  if value and #value <= 60 then
    letter, at, used, before = string.match(value, '^(%l)(%d+) (%d+) (%d+)$')
  end
  if letter == kind then
    at, used, before = tonumber(at), tonumber(used), tonumber(before)
    local start, finish = tonumber(ARGV[from + 1]), tonumber(ARGV[from + 2])
    local back = tonumber(ARGV[from + 3])
    if kind == 'f' or kind == 's' then
      local per = start
      start = taken - taken % per
      finish = start + per
    end
    -- What was taken in a span that has passed is not given to the next.
    if kind == 'b' or (at >= start and at < finish) then
      used = math.max(0, used - back)
    elseif kind == 's' and at == finish then
      before = math.max(0, before - back)
    end
    value = string.format('%s%.0f %.0f %.0f', kind, at, used, before)
    redis.call('SET', KEYS[i], value, 'KEEPTTL')
  end
end
return #KEYS
