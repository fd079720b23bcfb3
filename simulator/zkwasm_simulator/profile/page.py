"""A profile as one page that needs nothing else: flame graph, functions, hottest blocks, and what sets the price."""

from __future__ import annotations

import html
import json
from importlib.resources import files

from zkwasm_simulator.profile.costs import COUNTERS
from zkwasm_simulator.profile.exports import profile_json
from zkwasm_simulator.profile.measuring import Profile
from zkwasm_simulator.profile.report import lost_calls_text


def profile_page(profile: Profile, title: str) -> str:
    """The page; `page.html` beside this module is its frame."""
    more = {"counterNames": COUNTERS, "note": lost_calls_text(profile)}
    data = json.dumps(profile_json(profile) | more, separators=(",", ":"))
    frame = files("zkwasm_simulator.profile").joinpath("page.html").read_text(encoding="utf-8")
    # `</script>` within a string would end the element that holds the data
    return frame.replace("TITLE", html.escape(title)).replace("DATA", data.replace("<", "\\u003c"), 1)
