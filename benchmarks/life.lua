-- The whole life of contacts: every thread has one connection, and makes one call after the other. It registers
-- (mix.lua) and closes the same number, in waves, so that queues build and drain; one call of a hundred is a
-- transfer, one a pause or its end.
-- Argument: the folder of this file. Operators are operator-1 to operator-40.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } moment;
  int clock_gettime(int clock, moment *now);
]]
local OPERATORS, WAVE = 40, 400
local threads = {}
local open, first, last = {}, 1, 0
local paused, sent, kind = nil, 0, nil
local began, read = nil, ffi.new("moment")

-- How many calls of a kind took so many milliseconds, by both in one text: wrk hands over flat tables of those.
times = {}
failed = 0

function setup(thread)
  thread:set("id", #threads)
  threads[#threads + 1] = thread
end

function init(args)
  math.randomseed(os.time() + id)
  run = string.format("%d-%d", math.random(1, 1000000000), id)
  mixed = dofile(args[1] .. "/mix.lua")(run, math.random(0, 9999999))
  wrk.headers["Content-Type"] = "application/json"
end

local function now()
  ffi.C.clock_gettime(1, read)
  return tonumber(read.seconds) * 1000 + tonumber(read.nanoseconds) / 1e6
end

local function choose()
  sent = sent + 1
  local chance = math.random()
  if last - first < 8 then return "registration" end
  if chance < 0.01 then return "transfer" end
  if chance < 0.02 then return "pause" end
  local rising = sent % (2 * WAVE) < WAVE
  return math.random() < (rising and 0.6 or 0.4) and "registration" or "closing"
end

function request()
  kind, began = choose(), now()
  if kind == "registration" then
    wrk.headers["Idempotency-Key"] = run .. "-" .. sent
    return wrk.format("POST", "/v1/contacts", nil, mixed())
  end
  wrk.headers["Idempotency-Key"] = nil
  if kind == "closing" then
    first = first + 1
    return wrk.format("POST", "/v1/contacts/" .. open[first - 1] .. "/close")
  elseif kind == "transfer" then
    local target = string.format('{"operator_id":"operator-%d"}', math.random(1, OPERATORS))
    return wrk.format("POST", "/v1/contacts/" .. open[first] .. "/transfer", nil, target)
  end
  local who, active = paused or math.random(1, OPERATORS), paused ~= nil
  paused = not active and who or nil
  return wrk.format("PATCH", "/v1/operators/operator-" .. who, nil, '{"active":' .. tostring(active) .. "}")
end

function response(status, headers, body)
  local took = kind .. " " .. math.floor(now() - began)
  times[took] = (times[took] or 0) + 1
  if kind == "registration" and status == 201 then
    last = last + 1
    open[last] = body:match('"id":"([^"]+)"')
  -- To an operator that is full or paused nothing can be transferred.
  elseif status >= 300 and not (kind == "transfer" and status == 409) then
    failed = failed + 1
  end
end

function done(summary)
  local failures = 0
  for _, name in ipairs({ "registration", "closing", "transfer", "pause" }) do
    local all, total, most = {}, 0, 0
    for _, thread in ipairs(threads) do
      for both, number in pairs(thread:get("times")) do
        local took = tonumber(both:match("^" .. name .. " (%d+)$"))
        if took then
          all[took], total, most = (all[took] or 0) + number, total + number, math.max(most, took)
        end
      end
    end
    local passed, half, nearly = 0, nil, nil
    for took = 0, most do
      passed = passed + (all[took] or 0)
      if not half and passed >= total * 0.5 then half = took end
      if not nearly and passed >= total * 0.99 then nearly = took end
    end
    print(string.format("%s: %d calls, %.1f a second, p50 %d ms, p99 %d ms, longest %d ms", name, total,
      total / summary.duration * 1e6, half or 0, nearly or 0, most))
  end
  for _, thread in ipairs(threads) do failures = failures + thread:get("failed") end
  print("failed: " .. failures)
end
