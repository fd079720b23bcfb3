"""Profiles for other tools: JSON, speedscope's file format, and folded stacks (`a;b;c 12`) as flame graph scripts read.

*Source:* https://www.speedscope.app/file-format-schema.json; FlameGraph's stackcollapse scripts.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from zkwasm_simulator.profile.costs import COUNTERS
from zkwasm_simulator.profile.measuring import CallNode, Profile
from zkwasm_simulator.profile.report import deciding_counter, place_text, row_text

SPEEDSCOPE_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def profile_json(profile: Profile) -> dict[str, Any]:
    """Everything that the profile has: cost of the run, functions, blocks, executed rows, the tree of calls."""
    execution = profile.execution
    return {
        "steps": execution.steps,
        "counters": dict(execution.counters),
        "rows": execution.counters.rows,
        "n": execution.counters.n,
        "deciding": deciding_counter(profile)[0],
        "functions": [
            {
                "name": costs.function.name,
                "label": costs.function.label,
                "start": costs.function.start,
                "end": costs.function.end,
                "calls": costs.calls,
                "own": asdict(costs.own),
                "inclusive": asdict(costs.inclusive),
            }
            for costs in profile.function_costs()
        ],
        "blocks": [
            {
                "function": block.function.name,
                "start": block.start,
                "end": block.end,
                "executions": block.executions,
                "costs": asdict(block.costs),
            }
            for block in profile.block_costs()
        ],
        "lines": [
            {"file": line.file, "line": line.line, "function": line.function, "costs": asdict(line.costs)}
            for line in profile.line_costs()
        ],
        "instructions": [
            {
                "row": row,
                "line": profile.program.rows[row].get("line"),
                "text": row_text(profile, row),
                "from": place_text(profile, row),
                "costs": asdict(costs),
            }
            for row, costs in enumerate(profile.costs)
            if costs.steps
        ],
        "calls": call_json(profile.root),
        "lost-calls": profile.lost_calls,
    }


def call_json(node: CallNode) -> dict[str, Any]:
    return {
        "name": node.function.name,
        "calls": node.calls,
        "own": asdict(node.own),
        "children": [call_json(child) for child in node.children],
    }


def folded_stacks(profile: Profile, counter: str = "steps") -> str:
    """A line a path: the functions from the start on, and what the last one cost itself."""
    lines = [
        f"{';'.join(name.replace(';', ':') for name in names)} {getattr(node.own, counter)}"
        for names, node in profile.root.paths()
        if getattr(node.own, counter)
    ]
    return "".join(f"{line}\n" for line in lines)


def speedscope_json(profile: Profile, name: str) -> str:
    """A file for speedscope: a profile for each counter that is not 0."""
    frames: dict[str, int] = {}
    profiles = []
    for counter in COUNTERS:
        samples, weights = [], []
        for names, node in profile.root.paths():
            weight = getattr(node.own, counter)
            if weight:
                samples.append([frames.setdefault(frame, len(frames)) for frame in names])
                weights.append(weight)
        if samples:
            profiles.append(
                {
                    "type": "sampled",
                    "name": counter,
                    "unit": "none",
                    "startValue": 0,
                    "endValue": sum(weights),
                    "samples": samples,
                    "weights": weights,
                }
            )
    file = {
        "$schema": SPEEDSCOPE_SCHEMA,
        "exporter": "hatch-zkwasm",
        "name": name,
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": frame} for frame in frames]},
        "profiles": profiles,
    }
    return json.dumps(file, indent=1) + "\n"
