-- `wfc lsp`, where `wfc` is on the PATH; the configuration stands in `lsp/wfc.lua`.
if vim.fn.executable("wfc") == 1 then
  vim.lsp.enable("wfc")
end
