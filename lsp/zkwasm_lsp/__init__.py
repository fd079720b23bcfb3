"""The language server for zkASM.

`language` knows zkASM and nothing of the protocol: texts that change, what programs made of several files mean, what is
wrong with them. `features` has a module for each thing an editor asks for, `server` binds them to the protocol, and
`worker` is the process that audits programs beside the server. docs/language-server.md is the page for users.
"""
