-- Uses the server as a person does in Neovim: the setup of docs/editors.md, then its commands. Prints JSON.
local setup, file, result = arg[1], arg[2], {}

local function wait(what, done)
  if not vim.wait(20000, done, 20) then
    error("waited in vain for " .. what)
  end
end

dofile(setup)
vim.cmd("filetype on")
vim.cmd.edit(file)
local buffer = vim.api.nvim_get_current_buf()
local function lines(of)
  return vim.api.nvim_buf_get_lines(of or buffer, 0, -1, false)
end
local function cursor(piece)
  for number, line in ipairs(lines()) do
    local column = line:find(piece, 1, true)
    if column then
      vim.api.nvim_win_set_cursor(0, { number, column - 1 })
      return
    end
  end
  error("no " .. piece)
end

wait("the server", function()
  local client = vim.lsp.get_clients({ bufnr = buffer })[1]
  return client and client.initialized
end)
wait("a diagnostic", function() return #vim.diagnostic.get(buffer) > 0 end)
result.diagnostics = vim.tbl_map(function(one)
  return { line = one.lnum, code = one.code, message = one.message }
end, vim.diagnostic.get(buffer))

cursor("sum)")
vim.lsp.buf.hover()
local float
wait("a hover", function()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      float = window
    end
  end
  return float ~= nil
end)
result.hover = table.concat(lines(vim.api.nvim_win_get_buf(float)), "\n")
vim.api.nvim_win_close(float, true)

vim.lsp.buf.definition()
wait("the definition", function() return vim.api.nvim_get_current_buf() ~= buffer end)
result.definition = {
  vim.fs.basename(vim.api.nvim_buf_get_name(0)),
  vim.api.nvim_win_get_cursor(0)[1],
}
local other = vim.api.nvim_get_current_buf()
vim.cmd.buffer(buffer)

cursor("sum)")
vim.lsp.buf.rename("total")
wait("the rename", function()
  return table.concat(lines(), "\n"):find("total", 1, true) and table.concat(lines(other), "\n"):find("total", 1, true)
end)
result.renamed = { lines(), lines(other) }

vim.lsp.buf.format({ async = false, timeout_ms = 20000 })
result.formatted = lines()
io.stdout:write(vim.json.encode(result))
io.stdout:flush()
vim.cmd("qa!")
