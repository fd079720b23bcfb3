"""Where the steps of a run go: exact counts by row, block, function and path of calls.

`measuring` makes a `Profile`; `report` shows it to people, `exports` to other tools, `page` as a page for browsers.
"""
