vim.filetype.add({ extension = { wf = "wf" } })
