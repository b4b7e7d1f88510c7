/** Scripts on BullMQ's own keys; KEYS[1] is what all keys of a queue begin with, up to and including the colon. */

/** Ids of chunks end in how many photos they have. */
const CHUNK = `
local function isChunk(id) return string.find(id, 'x%d+$') end
local function photosIn(ids)
  local count = 0
  for _, id in ipairs(ids) do count = count + (tonumber(string.match(id, 'x(%d+)$')) or 1) end
  return count
end`;

/** ARGV: limit. Rows of id, state, time, data, return value, reason, records. */
export const FINISHED = `${CHUNK}
local rows = {}
for _, state in ipairs({'completed', 'failed'}) do
  local found = redis.call('ZRANGE', KEYS[1] .. state, 0, ARGV[1] - 1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local fields = redis.call('HMGET', KEYS[1] .. found[i], 'data', 'returnvalue', 'failedReason')
    local records = isChunk(found[i]) and redis.call('LRANGE', KEYS[1] .. found[i] .. ':logs', 0, -1) or {}
    rows[#rows + 1] = {found[i], state, found[i + 1], fields[1], fields[2], fields[3], records}
  end
end
return rows`;

/**
 * ARGV: 'active' or 'all', ids of chunks that may have lost their place: they are waiting. Rows of id, state, data, records.
 */
export const CHUNKS = `${CHUNK}
local rows, seen = {}, {}
local function add(ids, state)
  for _, id in ipairs(ids) do
    local data = isChunk(id) and not seen[id] and redis.call('HGET', KEYS[1] .. id, 'data')
    seen[id] = true
    if data then rows[#rows + 1] = {id, state, data, redis.call('LRANGE', KEYS[1] .. id .. ':logs', 0, -1)} end
  end
end
add(redis.call('LRANGE', KEYS[1] .. 'active', 0, -1), 'active')
if ARGV[1] == 'all' then
  for _, name in ipairs({'wait', 'paused'}) do add(redis.call('LRANGE', KEYS[1] .. name, 0, -1), 'waiting') end
  add(redis.call('ZRANGE', KEYS[1] .. 'prioritized', 0, -1), 'waiting')
  for _, name in ipairs({'completed', 'failed'}) do add(redis.call('ZRANGE', KEYS[1] .. name, 0, -1), 'finished') end
  add({unpack(ARGV, 2)}, 'waiting')
end
return rows`;

/** ARGV: ids. */
export const EXISTING = `
local ids = {}
for _, id in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[1] .. id) == 1 then ids[#ids + 1] = id end
end
return ids`;

/** ARGV: id, line, id, line… */
export const RECORD = `
for i = 1, #ARGV, 2 do
  if redis.call('EXISTS', KEYS[1] .. ARGV[i]) == 1 then redis.call('RPUSH', KEYS[1] .. ARGV[i] .. ':logs', ARGV[i + 1]) end
end
return 0`;

/** ARGV: ids. A job whose list was lost is finished, too. */
export const REMOVE_FINISHED = `
for _, id in ipairs(ARGV) do
  local found = redis.call('ZREM', KEYS[1] .. 'completed', id) + redis.call('ZREM', KEYS[1] .. 'failed', id)
  if found > 0 or redis.call('HEXISTS', KEYS[1] .. id, 'finishedOn') == 1 then redis.call('DEL', KEYS[1] .. id, KEYS[1] .. id .. ':logs') end
end
return 0`;

/** ARGV: how many to keep. The oldest lie at the end of the list. */
export const KEEP_LATEST = `
local surplus = redis.call('LRANGE', KEYS[1] .. 'wait', ARGV[1], -1)
for _, id in ipairs(surplus) do redis.call('DEL', KEYS[1] .. id, KEYS[1] .. id .. ':logs') end
if #surplus > 0 then redis.call('LTRIM', KEYS[1] .. 'wait', 0, ARGV[1] - 1) end
return 0`;

/** Numbers of photos whose jobs are waiting, active, delayed, finished. */
export const COUNTS = `${CHUNK}
local function listed(name) return photosIn(redis.call('LRANGE', KEYS[1] .. name, 0, -1)) end
local function sorted(name) return photosIn(redis.call('ZRANGE', KEYS[1] .. name, 0, -1)) end
return {
  listed('wait') + listed('paused') + sorted('prioritized'),
  listed('active'), sorted('delayed'), sorted('completed') + sorted('failed')
}`;

/** All ids, of one moment. */
export const IDS = `
local lists = {}
for _, name in ipairs({'wait', 'paused', 'active'}) do
  lists[#lists + 1] = redis.call('LRANGE', KEYS[1] .. name, 0, -1)
end
for _, name in ipairs({'prioritized', 'delayed', 'completed', 'failed'}) do
  lists[#lists + 1] = redis.call('ZRANGE', KEYS[1] .. name, 0, -1)
end
return lists`;

/**
 * ARGV: ids. A job is a hash and a place in one of BullMQ's lists and sets. A hash without a place is run by nobody, and
 * keeps its id from being added again: it gets its place back, which follows from its fields and its lock. A place without
 * a hash would be run as a job of nothing: it is removed, with the lock. Returns how many were put back, and the ids that
 * are gone.
 */
export const REPAIR = `
local function key(name) return KEYS[1] .. name end
local listed = {}
for _, name in ipairs({'wait', 'paused', 'active'}) do
  for _, id in ipairs(redis.call('LRANGE', key(name), 0, -1)) do listed[id] = name end
end
local function sortedOf(id)
  for _, name in ipairs({'prioritized', 'delayed', 'completed', 'failed'}) do
    if redis.call('ZSCORE', key(name), id) then return name end
  end
end
local function takeOut(id)
  local sorted = sortedOf(id)
  if sorted then redis.call('ZREM', key(sorted), id) end
  if listed[id] then redis.call('LREM', key(listed[id]), 0, id) end
  redis.call('SREM', key('stalled'), id)
  redis.call('DEL', key(id), key(id) .. ':lock', key(id) .. ':logs')
end
local function putBack(id, finishedOn, returnValue, priority)
  if finishedOn then
    redis.call('ZADD', key(returnValue and 'completed' or 'failed'), finishedOn, id)
  elseif redis.call('EXISTS', key(id) .. ':lock') == 1 then
    redis.call('LPUSH', key('active'), id)
  else
    redis.call('ZADD', key('prioritized'), (tonumber(priority) or 0) * 0x100000000, id)
    if redis.call('HEXISTS', key('meta'), 'paused') == 0 then redis.call('ZADD', key('marker'), 0, '0') end
  end
end
local restored, lost = 0, {}
for _, id in ipairs(ARGV) do
  local held = redis.call('HMGET', key(id), 'data', 'finishedOn', 'returnvalue', 'priority')
  if not held[1] then
    takeOut(id)
    lost[#lost + 1] = id
  elseif not listed[id] and not sortedOf(id) then
    putBack(id, held[2], held[3], held[4])
    restored = restored + 1
  end
end
return {restored, lost}`;

/** Rows of id, name of the worker. */
export const ACTIVE = `
local rows = {}
for _, id in ipairs(redis.call('LRANGE', KEYS[1] .. 'active', 0, -1)) do
  rows[#rows + 1] = {id, redis.call('HGET', KEYS[1] .. id, 'pb') or ''}
end
return rows`;

/** ARGV: id, name of the worker, id, name… What BullMQ's sweep looks for: no lock, a mark, and a sweep that is due. */
export const EXPIRE_LOCKS = `
local active = {}
for _, id in ipairs(redis.call('LRANGE', KEYS[1] .. 'active', 0, -1)) do active[id] = true end
local count = 0
for i = 1, #ARGV, 2 do
  local id = ARGV[i]
  if active[id] and redis.call('HGET', KEYS[1] .. id, 'pb') == ARGV[i + 1] then
    redis.call('DEL', KEYS[1] .. id .. ':lock')
    redis.call('SADD', KEYS[1] .. 'stalled', id)
    count = count + 1
  end
end
if count > 0 then redis.call('DEL', KEYS[1] .. 'stalled-check') end
return count`;

/** A queue that lives has the field version. */
export const REMOVE_REMAINS = `
if redis.call('HEXISTS', KEYS[1] .. 'meta', 'version') == 0 then
  for _, name in ipairs({'meta', 'events', 'stalled-check', 'stalled', 'marker', 'pc', 'id'}) do
    redis.call('DEL', KEYS[1] .. name)
  end
end
return 0`;
