/**
 * One hash per account: `lastAt` and `lastNumber` of the last slot that was given, `notBefore` for the next one,
 * `state` and its `version`. The clock is the server's; should it be set back,
 * the line waits a second, or five minutes (the longest Retry-After that is honoured) where it was postponed.
 * Numbers leave a script as text: Redis cuts fractions off.
 */
const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function text(number) return string.format('%.3f', number) end
`;

/** Arguments: slots, interval, ahead. Returns now, granted, firstAt, firstNumber, retryIn, state. */
export const reserveSlots = `${clock}
local key, slots, interval, ahead = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local held = redis.call('HMGET', key, 'lastAt', 'lastNumber', 'notBefore', 'state')
local lastAt, lastNumber, notBefore = tonumber(held[1] or 0), tonumber(held[2] or 0), tonumber(held[3] or 0)
if not held[1] then
  lastAt, notBefore = 0, math.max(notBefore, now + 1000)
  redis.call('HSET', key, 'lastAt', '0', 'notBefore', text(notBefore))
end
lastAt, notBefore = math.min(lastAt, now + 1000), math.min(notBefore, now + 300000)
local firstAt = math.max(now, lastAt + interval, notBefore)
if firstAt > now + ahead then
  return { text(now), 0, text(firstAt), lastNumber + 1, text(firstAt - now - ahead), held[4] or '' }
end
local granted = math.min(slots, math.floor((now + ahead - firstAt) / interval) + 1)
redis.call('HSET', key, 'lastAt', text(firstAt + (granted - 1) * interval), 'lastNumber', lastNumber + granted)
return { text(now), granted, text(firstAt), lastNumber + 1, '0', held[4] or '' }
`;

/** Arguments: until, and if a slot is meant its number and the interval. */
export const postponeSlots = `
local key, notBefore, number, interval = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2] or 0), tonumber(ARGV[3] or 0)
local held = redis.call('HMGET', key, 'lastNumber', 'notBefore')
local between = math.max(0, number - tonumber(held[1] or 0) - 1)
notBefore = notBefore - between * interval
if notBefore > tonumber(held[2] or 0) then
  redis.call('HSET', key, 'notBefore', string.format('%.3f', notBefore))
end
return 0
`;

/** Returns now, version, state. */
export const readAccount = `${clock}
local held = redis.call('HMGET', KEYS[1], 'version', 'state')
return { text(now), held[1] or '0', held[2] or '' }
`;

/** Arguments: the version that was read, the new state. Returns 1, or 0 if somebody came between. */
export const compareAndSet = `
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, 'state', ARGV[2])
return 1
`;
