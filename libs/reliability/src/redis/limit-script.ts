/**
 * The meters of `rate-limiter/`, in Lua: the same cells in the same places (8-byte doubles, one after the other, in one
 * string per key), the same arithmetic in the same order, hence the same results. Whoever changes a meter changes it
 * here too; the differential test compares the two.
 *
 * KEYS[1]  the state of one key of one limiter
 * ARGV     operation (take, lease, refund, drain, owe, look), cost, least cost (lease), time taken (refund), permits
 *          less in each window (owe) or the window by number (drain), time in ms or '' for the server's, ms to keep the state, then for each window: its initial permits, its
 *          number of constants and these
 * gives    { permits taken or given back, ms to wait, time, permits remaining }, as text that loses no digit
 *
 * Times are ms since 2026-01-01, so that the fractions of a microsecond clock stay exact.
 */
export const LIMIT_SCRIPT = `
local INF = math.huge
local floor, ceil, max, min = math.floor, math.ceil, math.max, math.min
local key = KEYS[1]
local op, cost = ARGV[1], tonumber(ARGV[2])
local now = tonumber(ARGV[4])
if not now then
  local t = redis.call('TIME')
  now = (tonumber(t[1]) - 1767225600) * 1000 + tonumber(t[2]) / 1000
end

local function up(x, q) return ceil(x / q) * q end
local function down(x, q) return floor(x / q) * q end
local function pack(x) return struct.pack('<d', x) end
local function unpack1(s, at) return (struct.unpack('<d', s, at)) end

-- Cells, read when asked for: a ring may be long.
local cells, changed, whole = {}, {}, nil
local function load()
  whole = redis.call('GET', key) or ''
end
local function get(i)
  local v = cells[i]
  if v == nil then
    if whole then v = unpack1(whole, i * 8 + 1)
    else v = unpack1(redis.call('GETRANGE', key, i * 8, i * 8 + 7), 1) end
    cells[i] = v
  end
  return v
end
local function set(i, v)
  cells[i] = v
  changed[i] = true
end

local meters = {}

meters['gcra'] = function(c, at)
  local burst, interval, q, tolerance = c[1], c[2], c[3], c[4]
  local TAT, LAST, BUSY, LEAST = at, at + 1, at + 2, at + 3
  local function weight(n) if n == 1 then return interval end return up(n * interval, q) end
  local function arrival(t, n) if n >= burst then return up(t, q) end return down(t, q) end
  local m = { cells = 4, capacity = burst }
  function m.start(since, permits)
    local start = down(since, q)
    set(TAT, start + up(max(0, burst - permits) * interval, q))
    set(LAST, start) set(BUSY, start) set(LEAST, INF)
  end
  function m.wait(n)
    local tat = get(TAT)
    if tat > now + tolerance + q then
      tat = up(now, q) + tolerance
      set(TAT, tat) set(LAST, INF) set(BUSY, INF)
    end
    local allowed = max(tat, down(now, q)) + weight(n) - tolerance
    if allowed <= now then return 0 end
    return allowed - now
  end
  function m.take(n)
    local a, tat = arrival(now, n), get(TAT)
    if tat <= a then
      tat = a
      set(BUSY, a) set(LEAST, INF)
    elseif tat - a < get(LEAST) then
      set(LEAST, tat - a)
    end
    set(TAT, tat + weight(n)) set(LAST, a)
  end
  function m.refund(n, takenAt)
    local a = up(takenAt, q)
    if a < get(BUSY) then return 0 end
    local w = weight(n)
    if a ~= get(LAST) and down(takenAt, q) ~= get(LAST) then w = min(w, get(LEAST)) end
    set(TAT, get(TAT) - w) set(LEAST, max(0, get(LEAST) - w))
    return w / interval
  end
  function m.remaining()
    local n = max(0, floor((tolerance - max(0, get(TAT) - now)) / interval + 1e-9))
    if m.wait(n) > 0 then return max(0, n - 1) end
    return n
  end
  function m.drain(n)
    local tat = up(now, q) + up(max(0, burst - n) * interval, q)
    if tat > get(TAT) then set(TAT, tat) end
  end
  return m
end

meters['fixed-window'] = function(c, at)
  local limit, W = c[1], c[2]
  local WINDOW, TAKEN = at, at + 1
  local m = { cells = 2, capacity = limit }
  local function taken(w) if get(WINDOW) >= w then return get(TAKEN) end return 0 end
  function m.start(since, permits)
    set(WINDOW, floor(since / W)) set(TAKEN, max(0, limit - permits))
  end
  function m.wait(n)
    local w = floor(now / W)
    if get(WINDOW) > w then set(WINDOW, w) end
    local wanted = taken(w) + n
    if wanted <= limit then return 0 end
    return max(4.9406564584124654e-324, (w + max(1, ceil(wanted / limit) - 1)) * W - now)
  end
  function m.take(n)
    local w = floor(now / W)
    set(TAKEN, taken(w) + n) set(WINDOW, w)
  end
  function m.refund(n, takenAt)
    if floor(takenAt / W) ~= get(WINDOW) then return 0 end
    local given = min(n, get(TAKEN))
    set(TAKEN, get(TAKEN) - given)
    return given
  end
  function m.remaining() return max(0, floor(limit - taken(floor(now / W)))) end
  function m.drain(n)
    local w = floor(now / W)
    set(TAKEN, max(taken(w), limit - n)) set(WINDOW, w)
  end
  return m
end

meters['sliding-window-counter'] = function(c, at)
  local limit, W, rounding, least = c[1], c[2], c[3], c[4]
  local WINDOW, CURRENT, PREVIOUS = at, at + 1, at + 2
  local m = { cells = 3, capacity = limit }
  local function current(w) if get(WINDOW) >= w then return get(CURRENT) end return 0 end
  local function previous(w)
    local age = w - get(WINDOW)
    if age <= 0 then return get(PREVIOUS) end
    if age == 1 then return get(CURRENT) end
    return 0
  end
  local function elapsed(w) return (now - w * W) / W end
  local function till(t) return max(t - now, least) end
  local function advance(w)
    local p, cur = previous(w), current(w)
    set(WINDOW, w) set(PREVIOUS, p) set(CURRENT, cur)
  end
  function m.start(since, permits)
    set(WINDOW, floor(since / W)) set(CURRENT, max(0, limit - permits)) set(PREVIOUS, 0)
  end
  function m.wait(n)
    local w = floor(now / W)
    if get(WINDOW) > w then set(WINDOW, w) end
    local cur, prev = current(w), previous(w)
    if prev * (1 - elapsed(w)) + cur + n <= limit + rounding then return 0 end
    local start = w * W
    if cur + n <= limit then return till(start + W * (1 - (limit - cur - n) / prev)) end
    local ahead = max(1, ceil(n / limit))
    local share = min(1, (limit * ahead - n) / max(cur, 4.9406564584124654e-324))
    return till(start + W * (ahead + 1 - share))
  end
  function m.take(n)
    advance(floor(now / W))
    set(CURRENT, get(CURRENT) + n)
  end
  function m.refund(n, takenAt)
    advance(floor(now / W))
    local age = get(WINDOW) - floor(takenAt / W)
    if age > 1 or age < 0 then return 0 end
    local counter = age == 0 and CURRENT or PREVIOUS
    local given = min(n, get(counter))
    set(counter, get(counter) - given)
    return given
  end
  function m.remaining()
    local w = floor(now / W)
    return max(0, floor(limit + rounding - previous(w) * (1 - elapsed(w)) - current(w)))
  end
  function m.drain(n)
    local w = floor(now / W)
    advance(w)
    local covered = get(PREVIOUS) * (1 - elapsed(w))
    set(CURRENT, max(get(CURRENT), limit - n - covered))
  end
  return m
end

meters['sliding-window'] = function(c, at)
  local limit, W, largest, q = c[1], c[2], c[3], c[4]
  local NEXT, TIMES = at, at + 1
  local m = { cells = largest + 1, capacity = limit }
  local function time(age)
    local index = get(NEXT) - 1 - age
    if index < 0 then index = index + largest end
    return get(TIMES + index)
  end
  local function push(t, n)
    local next = get(NEXT)
    for _ = 1, n do
      set(TIMES + next, t)
      next = next + 1
      if next == largest then next = 0 end
    end
    set(NEXT, next)
  end
  function m.start(since, permits)
    set(NEXT, 0)
    for i = 0, largest - 1 do set(TIMES + i, -INF) end
    push(up(since, q), max(0, limit - floor(permits)))
  end
  function m.wait(n)
    if time(0) > now + q then
      load()
      for i = 0, largest - 1 do if get(TIMES + i) > up(now, q) then set(TIMES + i, up(now, q)) end end
    end
    local wanted = ceil(n)
    local turns = wanted <= limit and 0 or floor((wanted - 1) / limit)
    local position = wanted - 1 - turns * limit
    local allowed = max(time(limit - 1 - position) + W, now) + turns * W
    if allowed <= now then return 0 end
    return allowed - now
  end
  function m.take(n) push(up(now, q), ceil(n)) end
  function m.refund(n, takenAt)
    local t = up(takenAt, q)
    if t + W <= now then return 0 end
    load()
    local wanted, given, kept = ceil(n), 0, {}
    for age = 0, largest - 1 do
      local taken = time(age)
      if taken == t and given < wanted then given = given + 1 else kept[#kept + 1] = taken end
    end
    if given == 0 then return 0 end
    set(NEXT, 0)
    for i = 0, largest - 1 do set(TIMES + i, kept[largest - i] or -INF) end
    return given
  end
  function m.remaining()
    -- The times fall with age: the first that has left is found by halving.
    local low, high = 0, limit
    while low < high do
      local middle = floor((low + high) / 2)
      if time(middle) + W > now then low = middle + 1 else high = middle end
    end
    return limit - low
  end
  function m.drain(n)
    local excess = m.remaining() - max(0, floor(n))
    if excess > 0 then m.take(excess) end
  end
  return m
end

meters['warm-up'] = function(c, at)
  local limit, warmUp, cold, interval, q, warning, most, slope = c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8]
  local STORED, NEXT, LAST = at, at + 1, at + 2
  local m = { cells = 3, capacity = limit }
  local function stored()
    return min(most, get(STORED) + max(0, now - get(NEXT)) * most / warmUp)
  end
  local function duration(s, n)
    local above, still = max(0, s - warning), max(0, max(0, s - n) - warning)
    return n * interval + (above * above - still * still) / 2 * slope
  end
  function m.start(since, permits)
    set(STORED, most)
    if permits >= 1 then set(NEXT, since) else set(NEXT, up(since + cold * interval, q)) end
    set(LAST, -INF)
  end
  function m.wait(n)
    local latest = now + limit * cold * interval
    if get(NEXT) > latest then set(NEXT, latest) end
    local ahead = n > limit and (n - limit) * interval or 0
    local allowed = max(get(NEXT), now) + ahead
    if allowed <= now then return 0 end
    return allowed - now
  end
  function m.take(n)
    local a, s = up(now, q), stored()
    set(STORED, max(0, s - n)) set(NEXT, a + up(duration(s, n), q)) set(LAST, a)
  end
  function m.refund(n, takenAt)
    local a = up(takenAt, q)
    if get(LAST) ~= a then return 0 end
    set(STORED, min(most, get(STORED) + n)) set(NEXT, a) set(LAST, -INF)
    return n
  end
  function m.remaining() return get(NEXT) <= now and 1 or 0 end
  function m.drain(n)
    if n >= 1 then return end
    local next = up(now + interval, q)
    if next > get(NEXT) then
      local s = stored()
      set(STORED, s) set(NEXT, next)
    end
  end
  return m
end

local all, size, rings, argument = {}, 0, false, 6
local starts = {}
while ARGV[argument] do
  local permits, count, name = tonumber(ARGV[argument]) or INF, tonumber(ARGV[argument + 1]), ARGV[argument + 2]
  local constants = {}
  for i = 1, count - 1 do constants[i] = tonumber(ARGV[argument + 2 + i]) end
  local meter = meters[name](constants, size)
  all[#all + 1], starts[#starts + 1] = meter, permits
  size = size + meter.cells
  rings = rings or name == 'sliding-window'
  argument = argument + 2 + count
end

-- A state of another size was left by other options: it starts over.
local fresh = redis.call('STRLEN', key) ~= size * 8
if fresh then
  for i, meter in ipairs(all) do meter.start(now, starts[i]) end
elseif not rings then
  load()
end

local function wait(n)
  local longest = 0
  for _, meter in ipairs(all) do
    local w = meter.wait(n)
    if w > longest then longest = w end
  end
  return longest
end
local function remaining()
  local least = INF
  for _, meter in ipairs(all) do least = min(least, meter.remaining()) end
  return least
end

local done, waits = 0, 0
if op == 'take' then
  waits = wait(cost)
  if waits == 0 then
    for _, meter in ipairs(all) do meter.take(cost) end
    done = cost
  end
elseif op == 'lease' then
  local least = tonumber(ARGV[3])
  waits = wait(least)
  if waits == 0 then
    done = max(least, min(cost, remaining()))
    for _, meter in ipairs(all) do meter.take(done) end
  end
elseif op == 'refund' then
  done = cost
  for _, meter in ipairs(all) do done = min(done, meter.refund(cost, tonumber(ARGV[3]))) end
elseif op == 'drain' then
  all[tonumber(ARGV[3])].drain(cost)
elseif op == 'owe' then
  local window = 0
  for permits in string.gmatch(ARGV[3], '[^,]+') do
    window = window + 1
    local meter = all[window]
    if meter and tonumber(permits) > 0 then meter.drain(max(0, meter.remaining() - tonumber(permits))) end
  end
end
local left = remaining()

-- What was lost is not made again by giving back to it: whoever takes next is to notice the loss.
if next(changed) and not (fresh and op == 'refund') then
  if rings and not fresh then
    for i in pairs(changed) do redis.call('SETRANGE', key, i * 8, pack(cells[i])) end
    redis.call('PEXPIRE', key, ARGV[5])
  else
    local parts = {}
    for i = 0, size - 1 do parts[i + 1] = pack(get(i)) end
    redis.call('SET', key, table.concat(parts), 'PX', ARGV[5])
  end
end
local function exact(x) return string.format('%.17g', x) end
return { exact(done), exact(waits), exact(now), exact(left) }
`;
