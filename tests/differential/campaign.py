"""Which seeds random tests try: a few every day, many in a campaign.

`ZKWASM_CAMPAIGN=600` runs each test for about that many seconds with seeds of its own instead of the short run of every
day; `ZKWASM_SEED` is the first seed.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator

CAMPAIGN_SECONDS = float(os.environ.get("ZKWASM_CAMPAIGN", "0"))
FIRST_SEED = int(os.environ.get("ZKWASM_SEED", "0"))


def seeds(daily: int) -> Iterator[int]:
    """The first `daily` numbers, or numbers until the campaign's time is over."""
    end = time.monotonic() + CAMPAIGN_SECONDS
    for seed in itertools.count(FIRST_SEED):
        if (time.monotonic() > end) if CAMPAIGN_SECONDS else (seed >= FIRST_SEED + daily):
            return
        yield seed
