-- Registers contacts, each of a new lead; every thread counts from its own start.
-- With the argument `idempotent`, every contact has an idempotency key; with `real`, its body is what a
-- bot sends: a name, the platform's id, a phone and a sentence.
local thread = 0
local number = 0

function setup(each)
  each:set("id", thread)
  thread = thread + 1
end

function init(args)
  math.randomseed(os.time() + id)
  run = math.random(1, 1000000000)
  idempotent = args[1] == "idempotent"
  real = args[1] == "real"
  -- Ten million phone numbers of one carrier's range, from a random one on.
  phone = math.random(0, 9999999)
  -- Besides the headers given to wrk by -H; headers passed to wrk.format would replace those.
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  number = number + 1
  local new = string.format("%d-%d-%d", run, id, number)
  local body
  if real then
    body = string.format('{"source":"bench","lead":{"name":"Ivan Petrov","identities":{"telegram":"%s",'
      .. '"phone":"+7916%07d"}},"payload":{"text":"Good evening, is the grey one in stock, and when '
      .. 'could you deliver it?"}}', new, (phone + number) % 10000000)
  else
    body = string.format(
      '{"source":"bench","lead":{"identities":{"telegram":"%s"}},"payload":{"text":"hello"}}', new)
  end
  if idempotent then
    wrk.headers["Idempotency-Key"] = new
  end
  return wrk.format("POST", nil, nil, body)
end
