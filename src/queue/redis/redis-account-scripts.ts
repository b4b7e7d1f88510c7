/**
 * Per account a hash (`lastAt` and `lastNumber` of the last slot, `notBefore` for the next one, `state` and its
 * `version`) and a sorted set of slot numbers by the time of their call. The clock is the server's; should it be set
 * back, the line waits a second, or five minutes (the longest Retry-After that is honoured) where it was postponed.
 * Times leave a script as text: Redis cuts fractions off.
 */
const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function text(number) return string.format('%.3f', number) end
`;

/** More than the highest rate has in a second. */
const callsKept = 2000;

/**
 * Keys: the hash, the set. Arguments: slots, calls, window, even, fast, ahead, then number and time of each note (no
 * time: not used). Returns now, the next number, retryIn, the state and the slots' times.
 */
export const reserveSlots = `${clock}
local line, log = KEYS[1], KEYS[2]
local slots, calls, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local even, fast, ahead = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
for place = 7, #ARGV, 2 do
  if ARGV[place + 1] == '' then redis.call('ZREM', log, ARGV[place])
  else redis.call('ZADD', log, 'XX', ARGV[place + 1], ARGV[place]) end
end
local held = redis.call('HMGET', line, 'lastAt', 'lastNumber', 'notBefore', 'state')
local lastAt, number, notBefore = tonumber(held[1] or 0), tonumber(held[2] or 0), tonumber(held[3] or 0)
if not held[1] then
  notBefore = math.max(notBefore, now + 1000)
  redis.call('HSET', line, 'lastAt', '0', 'notBefore', text(notBefore))
end
lastAt, notBefore = math.min(lastAt, now + 1000), math.min(notBefore, now + 300000)
local function findNext()
  local call = redis.call('ZREVRANGE', log, calls - 1, calls - 1, 'WITHSCORES')
  local room = call[2] and math.min(call[2], now + 1000) + window or 0
  local behind = lastAt + even - room
  local isCatchingUp = behind > 0 and behind <= window / 2
  return math.max(now, notBefore, room, lastAt + (isCatchingUp and fast or even))
end
local times = {}
local nextAt = findNext()
while #times < slots and nextAt <= now + ahead do
  lastAt, number = nextAt, number + 1
  times[#times + 1] = text(nextAt)
  redis.call('ZADD', log, text(nextAt), number)
  nextAt = findNext()
end
if #times > 0 then
  redis.call('HSET', line, 'lastAt', text(lastAt), 'lastNumber', number)
  redis.call('ZREMRANGEBYRANK', log, 0, -${callsKept + 1})
end
return { text(now), number + 1, text(math.max(0, nextAt - now - ahead)), held[4] or '', times }
`;

/** Key: the hash. Argument: until. */
export const postponeSlots = `
if tonumber(ARGV[1]) > tonumber(redis.call('HGET', KEYS[1], 'notBefore') or 0) then
  redis.call('HSET', KEYS[1], 'notBefore', ARGV[1])
end
return 0
`;

/** Key: the hash. Returns now, version, state. */
export const readAccount = `${clock}
local held = redis.call('HMGET', KEYS[1], 'version', 'state')
return { text(now), held[1] or '0', held[2] or '' }
`;

/** Key: the hash. Arguments: the version that was read, the new state. Returns 1, or 0 if somebody came between. */
export const compareAndSet = `
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, 'state', ARGV[2])
return 1
`;
