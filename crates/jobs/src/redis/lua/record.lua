-- Records as JSON text.
--
-- Other programs put fields into a record that are not ours to change. Decoding and encoding
-- would: [] becomes {}, numbers lose digits. So a record is cut into its fields, and the text of
-- those that a transition does not set stays as it is.

local function string_end(text, open)
  local at = open + 1
  while true do
    at = string.find(text, '["\\]', at)
    if string.sub(text, at, at) == '"' then return at end
    at = at + 2
  end
end

local function value_end(text, at)
  local first = string.sub(text, at, at)
  if first == '"' then return string_end(text, at) end
  if first ~= '{' and first ~= '[' then
    local _, last = string.find(text, '^[^%s,}]+', at)
    return last
  end
  local depth = 0
  while true do
    at = string.find(text, '["%[%]{}]', at)
    local sign = string.sub(text, at, at)
    if sign == '"' then
      at = string_end(text, at)
    elseif sign == '{' or sign == '[' then
      depth = depth + 1
    else
      depth = depth - 1
      if depth == 0 then return at end
    end
    at = at + 1
  end
end

-- A record, or nil when there is none: its fields in order, each {name, text of the value}, and
-- the status. One that another program made unreadable has neither, and is left as it is.
local function read(id)
  local text = record_text(id)
  if not text then return nil end
  local valid, value = pcall(cjson.decode, text)
  local open = valid and type(value) == 'table' and string.match(text, '^%s*{()')
  if not open then return { fields = {}, processing = false } end
  local fields = {}
  while true do
    local _, quote = string.find(text, '^[%s,]*"', open)
    if not quote then break end
    local name_end = string_end(text, quote)
    local _, colon = string.find(text, '^%s*:%s*', name_end + 1)
    local last = value_end(text, colon + 1)
    local name = cjson.decode('[' .. string.sub(text, quote, name_end) .. ']')[1]
    fields[#fields + 1] = { name, string.sub(text, colon + 1, last) }
    open = last + 1
  end
  return { fields = fields, status = value.status, processing = value.status == 'processing' }
end

local function value_of(record, name)
  for _, field in ipairs(record.fields) do
    if field[1] == name then return field[2] end
  end
end

-- `value` is JSON text.
local function set(record, name, value)
  for _, field in ipairs(record.fields) do
    if field[1] == name then
      field[2] = value
      return
    end
  end
  record.fields[#record.fields + 1] = { name, value }
end

local function text_of(record)
  local parts = {}
  for i, field in ipairs(record.fields) do
    -- Names that need escapes are not ours; cjson writes them back well enough.
    parts[i] = cjson.encode(field[1]) .. ':' .. field[2]
  end
  return '{' .. table.concat(parts, ',') .. '}'
end
