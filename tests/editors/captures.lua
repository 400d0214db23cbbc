-- Run as `nvim -l captures.lua FOLDER FILE…`: for each file a line of JSON with whether the tree-sitter grammar reads all of it, and what its
-- queries say of which bytes. FOLDER is that of the Neovim package.
vim.opt.runtimepath:prepend(arg[1])
vim.treesitter.language.add("wf")
local query = assert(vim.treesitter.query.get("wf", "highlights"))
-- The other queries have to read, too.
for _, name in ipairs({ "injections", "folds", "indents", "locals" }) do
  assert(vim.treesitter.query.get("wf", name), name)
end
for index = 2, #arg do
  local file = assert(io.open(arg[index], "rb"))
  local text = file:read("*a")
  file:close()
  local root = vim.treesitter.get_string_parser(text, "wf"):parse()[1]:root()
  local captures = {}
  for id, node in query:iter_captures(root, text) do
    local _, _, from = node:start()
    local _, _, to = node:end_()
    table.insert(captures, { from, to, query.captures[id] })
  end
  io.write(vim.json.encode({ file = arg[index], broken = root:has_error(), captures = captures }), "\n")
end
