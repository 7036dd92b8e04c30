-- Sets KEYS[1] to ARGV[3] where it is what it should be, and says whether it was: 1 or 0. ARGV[1] is '' where there should
-- be nothing, else it should be ARGV[2]. ARGV[4] is for how long it is set, in milliseconds; '' for good.
local found = redis.call('GET', KEYS[1])
if ARGV[1] == '' then
  if found then return 0 end
elseif found ~= ARGV[2] then
  return 0
end
if ARGV[4] == '' then
  redis.call('SET', KEYS[1], ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
end
return 1
