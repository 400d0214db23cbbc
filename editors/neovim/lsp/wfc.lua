---@type vim.lsp.Config
return {
  cmd = { "wfc", "lsp" },
  filetypes = { "wf" },
  root_markers = { ".git" },
}
