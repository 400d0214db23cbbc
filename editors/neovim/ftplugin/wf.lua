vim.bo.commentstring = "# %s"
vim.bo.comments = ":##,:#"
vim.bo.expandtab = true
vim.bo.shiftwidth = 2
vim.bo.softtabstop = 2

-- Without the parser the file is shown plain, and the language server's tokens colour it.
if pcall(vim.treesitter.start) then
  vim.wo.foldmethod = "expr"
  vim.wo.foldexpr = "v:lua.vim.treesitter.foldexpr()"
  vim.wo.foldlevel = 99
end
