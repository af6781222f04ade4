"""Puts a feed in the place of Yahoo's that needs a second a symbol; named before `agents` among the agents."""

import asyncio
from collections.abc import Mapping, Sequence

from causal_alpha.frames import Frame
from causal_alpha.records import Bar
from causal_alpha.sources import requests
from causal_alpha.sources.market import EPOCH
from causal_alpha.sources.simulator import Simulator


class Slow:
    name = "simulator"

    async def history(self, symbols: Sequence[str], interval: str, start: int, end: int) -> Frame[Bar]:
        await asyncio.sleep(1.0)
        return await Simulator(start=EPOCH).history(symbols, interval, start, end)


def slow_feeds() -> Mapping[str, requests.Feed]:
    return {"slow": Slow()}


requests.known_feeds = slow_feeds
