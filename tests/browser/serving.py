"""The server of the browser tests: it answers only while a test has its data, and tells what went wrong in it."""

import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.core.signals import got_request_exception

WAIT = 30  # seconds for the answers that are under way when a test ends


class Gate:
    """A WSGI application before another: it counts what is under way, and answers 503 while it is shut.

    A page that a test leaves behind may still be asking, for hits of a search or for progress. Such a request must
    not meet a database that is just being emptied.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.changed = threading.Condition()
        self.is_open = False
        self.under_way = 0
        self.failures: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self.changed:
            if not self.is_open:
                start_response("503 Service Unavailable", [("Content-Length", "0")])
                return []
            self.under_way += 1
        try:
            return Answer(self, self.application(environ, start_response))
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """One request less is under way."""
        with self.changed:
            self.under_way -= 1
            self.changed.notify_all()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Requests are answered inside; afterwards none is under way. Fails when a page raised an error."""
        self.failures.clear()
        got_request_exception.connect(self.note)
        with self.changed:
            self.is_open = True
        try:
            yield
        finally:
            with self.changed:
                self.is_open = False
                is_quiet = self.changed.wait_for(lambda: self.under_way == 0, WAIT)
            got_request_exception.disconnect(self.note)
        assert is_quiet, f"{self.under_way} requests were not answered in {WAIT} seconds"
        assert not self.failures, "\n".join(self.failures)

    def note(self, sender: object, request: Any = None, **more: Any) -> None:
        """Keep what a view raised; the end of the test tells it."""
        raised = "".join(traceback.format_exception(*sys.exc_info())[-4:])
        self.failures.append(f"{request.method} {request.get_full_path()}\n{raised}" if request else raised)


class Answer:
    """A response that tells the gate when it has been sent and closed."""

    def __init__(self, gate: Gate, response: Any) -> None:
        self.gate, self.response = gate, response

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.response)

    def close(self) -> None:
        """Close the response itself first: that ends its use of the database."""
        try:
            self.response.close()
        finally:
            self.gate.leave()
