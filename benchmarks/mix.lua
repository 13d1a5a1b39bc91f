-- What bots really send: of ten leads seven come with a name, the platform's id, a phone and a sentence, two
-- with an email instead of the phone, one with the platform's id alone. Every other call is by a lead that is
-- known already. The calls go to thirty sources in turn.

local SOURCES = 30

-- Returns a function that makes the body of the next registration; `run` must be unique.
return function(run, seed)
  local leads, number = {}, 0

  local function lead(count)
    local id = string.format('"telegram":"%s-%d"', run, count)
    local kind = count % 10
    if kind == 0 then return string.format('{"identities":{%s}}', id) end
    local second = kind <= 2 and string.format('"email":"anna.%s.%d@example.com"', run, count)
      or string.format('"phone":"+7916%07d"', (seed + count) % 10000000)
    return string.format('{"name":"Anna Petrova","identities":{%s,%s}}', id, second)
  end

  return function()
    number = number + 1
    local who
    -- One that is known came some time ago: its first contact must be stored by now.
    if number % 2 == 0 and #leads > 200 then
      who = leads[math.random(1, #leads - 100)]
    else
      who = lead(#leads)
      leads[#leads + 1] = who
    end
    return string.format('{"source":"bench-%d","lead":%s,"payload":{"text":"Good evening, is number %d in '
      .. 'stock, and when could you deliver it?"}}', number % SOURCES + 1, who, number)
  end
end
