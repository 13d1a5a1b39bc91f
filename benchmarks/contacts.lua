-- Registers contacts; every thread counts from its own start.
-- Arguments: the folder of this file, and a kind. Without a kind, every contact is that of a new lead with one
-- identity; with `idempotent`, each also has an idempotency key; with `mix`, calls are as in mix.lua, each with
-- a key.
local thread = 0
local number = 0

function setup(each)
  each:set("id", thread)
  thread = thread + 1
end

function init(args)
  math.randomseed(os.time() + id)
  run = string.format("%d-%d", math.random(1, 1000000000), id)
  keyed = args[2] ~= nil
  if args[2] == "mix" then
    mixed = dofile(args[1] .. "/mix.lua")(run, math.random(0, 9999999))
  end
  -- In addition to the headers that wrk was given by -H; a request's own headers would replace them.
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  number = number + 1
  if keyed then
    wrk.headers["Idempotency-Key"] = run .. "-" .. number
  end
  local body = mixed and mixed() or string.format(
    '{"source":"bench","lead":{"identities":{"telegram":"%s-%d"}},"payload":{"text":"hello"}}', run, number)
  return wrk.format("POST", nil, nil, body)
end
