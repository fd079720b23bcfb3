"""The time and the seed that a program is compiled with, as the command line and `[tool.zkwasm]` write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

LIMIT = 1 << 64
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(given: str | int | datetime) -> int:
    """A time in nanoseconds since 1970, given as that or as an ISO 8601 time with its zone.

    *Raises:* ValueError that says what is wrong.
    """
    time = _moment(given) if isinstance(given, str) else given
    value = time if isinstance(time, int) else _since_1970(time)
    if not 0 <= value < LIMIT:
        raise ValueError(f"{given} is not in the years 1970 to 2554, the times of a clock of 64 bits")
    return value


def seed(text: str) -> int:
    """A seed of random numbers. *Raises:* ValueError that says what is wrong."""
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if not 0 <= value < LIMIT:
        raise ValueError(f"{text.strip()!r} is no number from 0 to {LIMIT - 1}")
    return value


def _moment(text: str) -> int | datetime:
    try:
        return int(text) if text.isdecimal() else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no time; write nanoseconds since 1970, or a time such as 2026-01-01T00:00:00Z"
        ) from None


def _since_1970(time: datetime) -> int:
    if time.tzinfo is None:
        raise ValueError(f"{time.isoformat()} has no zone; end it with Z for UTC, or an offset such as +01:00")
    return (time - EPOCH) // timedelta(microseconds=1) * 1000
