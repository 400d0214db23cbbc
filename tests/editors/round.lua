-- Run as `nvim --headless -u NONE -l round.lua PACKAGE FILE`: what somebody does with a file in Neovim, told as one line of JSON. PACKAGE is the
-- folder of the package, whose plugins start the server that is first on the PATH.
local package, path = arg[1], arg[2]
local told = {}

local function awaited(what, condition)
  assert(vim.wait(30000, condition, 10), what .. " did not come")
end

local function asked(method, parameters)
  local answers, problem = vim.lsp.buf_request_sync(0, method, parameters, 30000)
  assert(answers, problem)
  for _, answer in pairs(answers) do
    assert(not answer.err, vim.inspect(answer.err))
    return answer.result
  end
end

-- The place of a text in the file, as a cursor.
local function go_to(text)
  local found = vim.fn.searchpos("\\V" .. text, "cw")
  assert(found[1] > 0, text .. " is not in the file")
end

local function at_cursor()
  return vim.lsp.util.make_position_params(0, vim.lsp.get_clients({ bufnr = 0 })[1].offset_encoding)
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n") .. "\n"
end

vim.opt.runtimepath:prepend(package)
vim.cmd("filetype plugin on")
vim.cmd("runtime! ftdetect/*.lua plugin/*.lua")
vim.cmd.edit(path)
told.filetype = vim.bo.filetype
told.comment = vim.bo.commentstring

awaited("the server", function() return #vim.lsp.get_clients({ bufnr = 0 }) == 1 end)
told.server = vim.lsp.get_clients({ bufnr = 0 })[1].name
awaited("a diagnostic", function() return #vim.diagnostic.get(0) > 0 end)
local diagnostic = vim.diagnostic.get(0)[1]
told.diagnostic = { line = diagnostic.lnum + 1, slug = diagnostic.code, message = diagnostic.message }

-- The fix that the diagnostic has.
local client = vim.lsp.get_clients({ bufnr = 0 })[1]
local range = vim.lsp.util.make_range_params(0, client.offset_encoding)
range.range = { start = { line = diagnostic.lnum, character = diagnostic.col }, ["end"] = { line = diagnostic.end_lnum, character = diagnostic.end_col } }
range.context = { diagnostics = { diagnostic.user_data.lsp }, triggerKind = 1 }
local actions = asked("textDocument/codeAction", range)
told.fix = actions[1].title
local edit = actions[1].edit or client:request_sync("codeAction/resolve", actions[1], 30000, 0).result.edit
vim.lsp.util.apply_workspace_edit(edit, client.offset_encoding)
awaited("the end of the diagnostic", function() return #vim.diagnostic.get(0) == 0 end)

go_to("name}")
told.hover = asked("textDocument/hover", at_cursor()).contents.value
local definition = asked("textDocument/definition", at_cursor())
told.definition = ((definition[1] or definition).range or (definition[1] or definition).targetSelectionRange).start.line + 1

local renaming = at_cursor()
renaming.newName = "who"
vim.lsp.util.apply_workspace_edit(asked("textDocument/rename", renaming), client.offset_encoding)
told.renamed = text()

vim.lsp.buf.format({ timeout_ms = 30000 })
told.formatted = text()

-- Stopped in order, the server ends.
client:stop()
awaited("the end of the server", function() return client:is_stopped() end)
io.write(vim.json.encode(told), "\n")
