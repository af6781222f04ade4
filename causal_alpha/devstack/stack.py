"""Several services as one: started side by side, stopped side by side."""

import threading
from typing import Self

from causal_alpha.devstack.service import Service


class Stack:
    """A context manager: in it all the services work, after it none of them runs.

    Entering raises the first service's error and stops the others. An interrupt (Ctrl-C) stops them all, too.
    """

    def __init__(self, *services: Service) -> None:
        self.services = services
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        errors: list[BaseException] = []

        def start(service: Service) -> None:
            try:
                service.start()
            except BaseException as error:  # raised again below, in the caller's thread
                errors.append(error)

        self._threads = [threading.Thread(target=start, args=(one,), daemon=True) for one in self.services]
        try:
            for thread in self._threads:
                thread.start()
            while any(thread.is_alive() for thread in self._threads) and not errors:
                for thread in self._threads:
                    thread.join(0.05)
            if errors:
                raise errors[0]
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops all, and waits for their ends; also while they start."""
        stoppers = [threading.Thread(target=one.stop) for one in self.services]
        for thread in stoppers:
            thread.start()
        for thread in (*stoppers, *self._threads):
            thread.join()
        for one in self.services:
            one.stop()
