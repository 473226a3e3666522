/**
 * What the instances of a service tell one another about one breaker, by the server's clock.
 *
 * KEYS  1 who is alive, 2 who has opened (both: until when), 3 who may probe, 4 when a probe last succeeded
 * ARGV  operation, instance, then
 *       report: ms that this report keeps it alive, ms that its breaker stays open (0: closed, -1: as before)
 *       probe: ms that the right to probe lasts
 *       recovered, leave: nothing
 * gives report: { alive, open among them, ms until the last of these is over, ms since a probe succeeded or -1 }
 *       others: 1 if done
 */
export const FLEET_SCRIPT = `
local live, open, probe, recovered = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local op, id = ARGV[1], ARGV[2]
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

if op == 'report' then
  local aliveMs, openMs = tonumber(ARGV[3]), tonumber(ARGV[4])
  redis.call('ZADD', live, now + aliveMs, id)
  redis.call('ZREMRANGEBYSCORE', live, '-inf', now)
  redis.call('PEXPIRE', live, aliveMs)
  if openMs > 0 then
    redis.call('ZADD', open, now + openMs, id)
  elseif openMs == 0 then
    redis.call('ZREM', open, id)
  end
  redis.call('ZREMRANGEBYSCORE', open, '-inf', now)
  local evidence, last = 0, 0
  local members = redis.call('ZRANGE', open, 0, -1, 'WITHSCORES')
  for i = 1, #members, 2 do
    -- The word of an instance that is gone counts no more.
    if redis.call('ZSCORE', live, members[i]) then
      evidence = evidence + 1
      last = math.max(last, tonumber(members[i + 1]) - now)
    end
  end
  if #members > 0 then redis.call('PEXPIRE', open, math.max(last, 1)) end
  local since = redis.call('GET', recovered)
  return { redis.call('ZCARD', live), evidence, last, since and math.max(0, now - tonumber(since)) or -1 }
end

if op == 'leave' then
  redis.call('ZREM', live, id)
  redis.call('ZREM', open, id)
  if redis.call('GET', probe) == id then redis.call('DEL', probe) end
  return 1
end

if op == 'probe' then
  local holder = redis.call('GET', probe)
  if holder and holder ~= id then return 0 end
  redis.call('SET', probe, id, 'PX', ARGV[3])
  return 1
end

if redis.call('GET', probe) == id then redis.call('DEL', probe) end
redis.call('DEL', open)
redis.call('SET', recovered, string.format('%.0f', now), 'PX', 600000)
return 1
`;
