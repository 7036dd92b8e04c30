-- Judges all limits of a request together, as src/limit/algorithm.rs does: to the last permit and millisecond.
--
-- KEYS: one for each limit. ARGV[1]: the time in milliseconds since 1970, or '' for this server's own clock; then seven
-- for each limit: what it counts ('b'ucket, 'f'ixed, 's'liding, 'c'alendar) and three numbers of it (permits, per, burst;
-- most, per, 0; most, start, end), least, most, and whether it is in shadow (1 or 0).
-- Answers five whole numbers for each: taken, enough, remaining, reset, retry (-1 for never).
--
-- A value is a letter and three numbers: at, used, and what was counted before (for a calendar, when its span ends).
-- What cannot be read counts as nothing, and is written over.

local floor, ceil, max, min = math.floor, math.ceil, math.max, math.min
-- Doubles count one by one up to here.
local LARGEST = 9007199254740992
-- What is further ahead was written by no clock that tells the time (MOST_AHEAD in src/limit/algorithm.rs).
local MOST_AHEAD = 86400000
-- Who sends the span of a calendar has a clock of its own, which may be behind: its counts are kept so much longer.
local BEHIND = 60000
-- A time that is given runs as its giver likes, and nothing may expire before it.
local GIVEN = 3600000

local now, longer
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now, longer = time[1] * 1000 + floor(time[2] / 1000), 0
else
  now, longer = tonumber(ARGV[1]), GIVEN
end

local function read(value, kind)
  if not value or #value > 60 then return 0, 0, 0 end
  local letter, at, used, before = string.match(value, '^(%l)(%d+) (%d+) (%d+)$')
  if letter ~= kind then return 0, 0, 0 end
  at, used, before = tonumber(at), tonumber(used), tonumber(before)
  if at > now + MOST_AHEAD or used > LARGEST or before > LARGEST then return 0, 0, 0 end
  return at, used, before
end

-- Each answers how many permits are left, and a function that says what follows when so many are taken: the state's
-- three numbers, `reset`, and from when the state means nothing; and one that says when there are `wanted`, of which
-- there are not too many to be had at all.
local judge = {}

function judge.b(at, used, _, permits, per, burst)
  local capacity, moment = burst * per, max(at, now)
  local missing = max(0, min(used, capacity) - (moment - at) * permits)
  local function wait(parts) return parts > 0 and moment - now + ceil(parts / permits) or 0 end
  local function follows(taken)
    local owed = missing + taken * per
    local reset = wait(owed)
    return moment, owed, 0, reset, now + reset
  end
  local function retry(wanted) return wait(missing - (capacity - wanted * per)) end
  return floor((capacity - missing) / per), follows, retry, burst
end

local function span(at, used, _, most, start, finish)
  if at < start then used = 0 end
  used = min(used, most)
  local reset = max(0, finish - now)
  local function follows(taken) return start, used + taken, 0, reset, finish end
  return most - used, follows, function() return reset end, most
end

function judge.f(at, used, _, most, per)
  local start = now - now % per
  -- A clock that is behind counts where others do already.
  if at >= start + per then start = at - at % per end
  return span(at, used, 0, most, start, start + per)
end

function judge.c(at, used, before, most, start, finish)
  if at >= finish then start, finish = at, before end
  local left, follows, retry = span(at, used, 0, most, start, finish)
  local function kept(taken)
    local from, counted, _, reset, ends = follows(taken)
    return from, counted, ends, reset, ends + BEHIND
  end
  return left, kept, retry, most
end

function judge.s(at, used, before, most, per)
  local start = now - now % per
  if at >= start + per then start = at - at % per end
  used, before = min(used, most), min(before, most)
  if at < start then
    before, used = at >= start - per and used or 0, 0
  end
  local ends = start + per
  local faded = before * (per - (max(now, start) - start))
  local left = max(0, floor((most * per - faded) / per) - used)
  local function follows(taken)
    local counted, expires = used + taken, ends + per
    local reset = 0
    if counted > 0 then reset = expires elseif before > 0 then reset = ends end
    return start, counted, before, max(0, reset - now), expires
  end
  local function retry(wanted)
    if used + wanted <= most then
      local after = before > 0 and max(0, per - floor((most - used - wanted) * per / before)) or 0
      if after < per then return max(0, start + after - now) end
    end
    local after = used > 0 and max(0, per - floor((most - wanted) * per / used)) or 0
    return max(0, ends + after - now)
  end
  return left, follows, retry, most
end

local values = redis.call('MGET', unpack(KEYS))

-- What is left for the limit with this number, and what follows from it.
local function judged(i, at, used, before)
  local from = i * 7 - 5
  local a, b, c = tonumber(ARGV[from + 1]), tonumber(ARGV[from + 2]), tonumber(ARGV[from + 3])
  return judge[ARGV[from]](at, used, before, a, b, c)
end

-- What each key comes to if all goes well: one that is asked for twice has been taken from already.
local after, refused, answer = {}, false, {}
for i = 1, #KEYS do
  local key, from = KEYS[i], i * 7 - 5
  local kind, least, most = ARGV[from], tonumber(ARGV[from + 4]), tonumber(ARGV[from + 5])
  local state = after[key]
  local at, used, before
  if state then
    at, used, before = state[1], state[2], state[3]
  else
    at, used, before = read(values[i], kind)
  end
  local left, follows, retry, all = judged(i, at, used, before)
  local enough, wait, taken = 1, 0, 0
  if left < least then
    enough, wait = 0, least > all and -1 or retry(least)
    refused = refused or ARGV[from + 6] == '0'
  elseif least > 0 then
    taken = min(max(least, most), left)
  end
  local reset, expires
  at, used, before, reset, expires = follows(taken)
  if taken > 0 then after[key] = { at, used, before, expires, kind } end
  local n = i * 5
  answer[n - 4], answer[n - 3], answer[n - 2], answer[n - 1], answer[n] = taken, enough, left - taken, reset, wait
end

if not refused then
  for key, state in pairs(after) do
    local value = string.format('%s%.0f %.0f %.0f', state[5], state[1], state[2], state[3])
    redis.call('SET', key, value, 'PX', string.format('%.0f', max(1, state[4] - now) + longer))
  end
  return answer
end

-- Nothing is taken for any, and so all say what is left without it.
for i = 1, #KEYS do
  local n = i * 5
  if answer[n - 4] > 0 then
    local left, follows = judged(i, read(values[i], ARGV[i * 7 - 5]))
    local _, _, _, reset = follows(0)
    answer[n - 4], answer[n - 2], answer[n - 1] = 0, left, reset
  end
end
return answer
