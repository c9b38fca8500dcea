"""One speech service over HTTP: kept connections, verified, bounded in time and size."""

from __future__ import annotations

import ipaddress
import time
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from daemon.deadline import call_with_deadline
from tts_plugin.errors import EngineFailed

CONNECT_SECONDS = 2.0
LARGEST_REPLY = 64 << 20
"""Bytes: ten minutes of speech, uncompressed."""


class Unreachable(EngineFailed):
    """The service, not the sentence, is what failed: the next sentence would fare no better."""

    def __init__(self, message: str, requested_pause: float = 0.0, status: int = 0) -> None:
        super().__init__(message)
        self.requested_pause = requested_pause
        """Seconds that the service asks to be left alone."""
        self.status = status
        """HTTP's; 0 where there was no answer."""


class Refused(EngineFailed):
    """The service understood, and will not have this request: 4xx. Another sentence may be welcome."""


class Service:
    """A host whose answers are awaited until a deadline. Any thread may ask.

    Redirects are not followed: the text goes where the settings say, and nowhere else. Neither cookies nor
    the user's .netrc have a part in it, and a proxy of the environment none in what stays on this machine.
    """

    def __init__(self, url: str, seconds: float, *, connections: int = 1, largest_reply: int = LARGEST_REPLY) -> None:
        self.url = url.rstrip("/")
        self._seconds = seconds
        self._largest_reply = largest_reply
        self._session = requests.Session()
        self._session.auth = _as_it_is
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=connections, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._proxies = {"no_proxy": host_of(url)} if is_local(url) else {}

    def deadline(self) -> float:
        """When what begins now must be over, by time.monotonic."""
        return time.monotonic() + self._seconds

    def ask(self, method: str, path: str, deadline: float, **what: Any) -> bytes:
        """The body of the answer, where that is a success; `what` are requests' own arguments.

        On a thread of its own, for neither the system's resolver nor a header that trickles knows a time limit.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise self.too_late()
        try:
            return call_with_deadline(self._ask, left, method, path, deadline, what)
        except (Unreachable, Refused):
            raise
        except EngineFailed as error:
            raise self.too_late() from error

    def _ask(self, method: str, path: str, deadline: float, what: dict[str, Any]) -> bytes:
        try:
            try:
                return self._ask_once(method, path, deadline, what)
            except (requests.ConnectionError, ProtocolError) as error:
                # A kept connection may have been closed by the other side just now: once more, on a fresh one.
                cause = error.args[0] if isinstance(error, requests.ConnectionError) and error.args else error
                if not isinstance(cause, ProtocolError):
                    raise
                return self._ask_once(method, path, deadline, what)
        except (requests.Timeout, TimeoutError, ReadTimeoutError) as error:
            raise self.too_late() from error
        except requests.exceptions.SSLError as error:
            raise Unreachable(f"The certificate of {self.url} was refused, so nothing was sent.") from error
        except (requests.RequestException, HTTPError) as error:
            raise Unreachable(f"{self.url} cannot be reached ({type(error).__name__}).") from error

    def _ask_once(self, method: str, path: str, deadline: float, what: dict[str, Any]) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise self.too_late()
        with self._session.request(
            method,
            self.url + path,
            timeout=(min(CONNECT_SECONDS, left), left),
            stream=True,
            allow_redirects=False,
            proxies=self._proxies,
            **what,
        ) as response:
            if response.status_code not in (200, 204):
                raise self._unwilling(response)
            reply = bytearray()
            # Not requests' own loop, which waits until a chunk is full: a byte now and then would never end.
            while chunk := response.raw.read1(1 << 16, decode_content=True):
                reply += chunk
                if len(reply) > self._largest_reply:
                    raise Unreachable(f"{self.url} sent more than {self._largest_reply} bytes for one sentence.")
                if time.monotonic() > deadline:
                    raise self.too_late()
            return bytes(reply)

    def _unwilling(self, response: requests.Response) -> EngineFailed:
        said = f"{self.url} answered {response.status_code} {response.reason}."
        if response.status_code in (400, 413, 415, 422):
            return Refused(said)
        return Unreachable(said, requested_pause(response.headers.get("Retry-After")), response.status_code)

    def too_late(self) -> Unreachable:
        return Unreachable(f"{self.url} did not answer within {self._seconds:g} s.")


def requested_pause(retry_after: str | None) -> float:
    """Seconds that a Retry-After header asks for: a number or a date; 0 where it says nothing usable."""
    if not retry_after:
        return 0.0
    try:
        return max(0.0, float(int(retry_after)))
    except (ValueError, OverflowError):
        pass  # no number: a date, or nothing usable
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def is_local(url: str) -> bool:
    """Whether the URL is one of this machine, whatever a name server says."""
    host = host_of(url)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
