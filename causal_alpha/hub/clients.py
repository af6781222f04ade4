"""Connected clients, and what wakes them when something is new."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from causal_alpha.hub.board import Board
from causal_alpha.hub.feed import Feed, Memo
from causal_alpha.hub.log import Log
from causal_alpha.pace import Pace

FASTEST, SLOWEST = 0.004, 0.100
"""Seconds between two flushes, idle and under load."""
LOAD = 1.5
"""A flush waits this many times what the last round of sending took: sockets get two fifths of the loop."""
BEAT = 2.0
"""Seconds between two signs of life."""


class Client:
    """A connected socket: its feed, and how it is woken or told to go."""

    def __init__(self, feed: Feed, resumed: bool) -> None:
        self.feed = feed
        self.resumed = resumed
        self.wake = asyncio.Event()
        self.cut = asyncio.Event()


class Clients:
    """Everybody who is connected. While nobody is, nothing runs.

    Clients hold no queues: each has a place in the log and on the board. One that is so far behind
    that the log has moved on is cut; the others never notice. `beat` is called every `BEAT` seconds.
    """

    def __init__(self, log: Log, board: Board, beat: Callable[[], None]) -> None:
        self.dropped = 0
        """Clients that were cut because they were too slow."""
        self._spent = 0.0  # CPU seconds that the present round of sending has taken so far
        self._log, self._board, self._beat = log, board, beat
        self._connected: set[Client] = set()
        self._memo: Memo = {}
        self._flushes = Pace(self._flush, rest=self._rest)
        self._beats: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._connected)

    @contextmanager
    def join(self, after: int, resumed: bool) -> Iterator[Client]:
        """A client for as long as its socket is open; it has the log up to `after`. Needs a running loop."""
        client = Client(Feed(self._log, self._board, after), resumed)
        self._connected.add(client)
        self._beat()
        if self._beats is None:
            self._board.flush()
            self._board.watched = True
            self._beats = asyncio.create_task(self._beat_forever(), name="hub-beats")
        try:
            yield client
        finally:
            self._connected.discard(client)
            if not self._connected and self._beats is not None:
                self._beats.cancel()
                self._beats = None
                self._flushes.stop()
                self._board.watched = False

    def notify(self) -> None:
        """Log or board have changed: the clients are woken at once or, when they just were, a little later."""
        if self._connected:
            self._flushes.want()

    def take(self, client: Client) -> list[str]:
        """What a client hasn't got yet, as messages. None, and it must go, when the log has moved on."""
        if not self._keeps_up(client):
            return []
        return client.feed.take(self._memo)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """What a client's sender does inside counts as sending: the next flush waits the longer for it."""
        began = time.thread_time()
        try:
            yield
        finally:
            self._spent += time.thread_time() - began

    def _keeps_up(self, client: Client) -> bool:
        if self._log.holds(client.feed.after):
            return True
        if not client.cut.is_set():
            self.dropped += 1
            client.cut.set()
        return False

    async def _beat_forever(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            self._beat()

    def _rest(self) -> float:
        """Seconds from one flush to the next: what its round of sending takes, and the longer a rest for it."""
        return self._spent + min(SLOWEST, max(FASTEST, LOAD * self._spent))

    def _flush(self) -> None:
        """Every client that isn't stuck sends in the loop's next turn."""
        self._spent = 0.0
        with self.sending():  # CPU time, not waiting: another process's load is no reason to rest
            self._memo.clear()
            self._board.flush()
            for client in self._connected:
                self._keeps_up(client)
                client.wake.set()
