"""Counters from a running job to its row in the table: one file, nothing to install.

Copy this file beside your script, or import it where arp-nb is installed::

    from arp_nb.reporter import report

    for i, event in enumerate(events):
        ...
        report({"Events": i + 1, "Rate": (120.5, "red")})

* A counter is a number or text, ``(value, colour)``, or a dict with ``value`` and any of
  ``color``, ``unit``, ``max`` (gives progress) and ``url``. ``None`` removes it.
* Only what you give changes; other counters stay.
* Call it as often as you like: the newest values go out about twice a second, the last
  ones always, at the end of the script.
* It never stops or slows your job: where no report can be sent, it says so once on stderr.
* Outside of a batch job (no BATCH_UPDATE_URL) it does nothing.

Python 3.6 and newer, standard library only.
"""

import atexit
import http.client
import json
import math
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any, Dict, Optional

#: between two posts
INTERVAL_S = 0.5
#: for one post
TIMEOUT_S = 10.0
#: what the end of the script waits for the last values, at most
LAST_S = 5.0
#: between two attempts while nobody answers
RETRY_MAX_S = 30.0
#: answers that stay the same however often one asks; all others are worth another attempt
_FINAL = frozenset([400, 401, 403, 404, 405, 413, 422])


class Reporter:
    """Collects counters and posts them from a thread of its own.

    Parameters
    ----------
    url : str or None
        Where to post; by default the variable BATCH_UPDATE_URL.
    """

    def __init__(self, url: Optional[str] = None) -> None:
        self._url = url or os.environ.get("BATCH_UPDATE_URL") or ""
        self._said = False
        self._begin()
        # a proxy leads out of the cluster, the update address into it
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def _begin(self) -> None:
        """Begin anew: at first, and in a forked child, which has neither thread nor free lock."""
        self._changed = threading.Condition()
        self._waiting: Dict[str, Any] = {}
        self._thread: Optional[threading.Thread] = None
        self._pid = os.getpid()
        self._ending = False

    def report(self, counters: Optional[Dict[str, Any]] = None, **more: Any) -> None:
        """Change some counters; returns at once.

        Parameters
        ----------
        counters : dict, optional
            Names and values.
        more
            Further counters, for names that are Python names.
        """
        if not self._url:
            return
        new = {}
        for given in (counters or {}, more):
            for name, value in given.items():
                new[str(name)] = _plain(value)
        if self._pid != os.getpid():
            self._begin()
        with self._changed:
            self._waiting.update(new)
            if self._thread is None and not self._ending:
                self._thread = threading.Thread(target=self._run, name="arp report")
                self._thread.daemon = True
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Send the last values, for some seconds at most."""
        if self._pid != os.getpid():
            return
        with self._changed:
            self._ending = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(LAST_S)

    def _run(self) -> None:
        pause_s = INTERVAL_S
        while True:
            with self._changed:
                while not self._waiting and not self._ending:
                    self._changed.wait()
                if not self._waiting:
                    return
                sending, self._waiting = self._waiting, {}
            if self._post(sending):
                pause_s = INTERVAL_S
            else:
                with self._changed:  # newer values win over those that did not arrive
                    sending.update(self._waiting)
                    self._waiting = sending
                pause_s = min(2 * pause_s, RETRY_MAX_S)
            self._rest(pause_s)

    def _rest(self, pause_s: float) -> None:
        until = time.time() + pause_s
        with self._changed:
            while not self._ending and time.time() < until:
                self._changed.wait(max(0.0, until - time.time()))
            ending = self._ending
        if ending and pause_s > INTERVAL_S:
            time.sleep(INTERVAL_S)

    def _post(self, counters: Dict[str, Any]) -> bool:
        """Return whether that is settled: sent, or never to be accepted."""
        data = json.dumps({"counters": counters}).encode("utf-8")
        kind = {"Content-Type": "application/json"}
        try:
            request = urllib.request.Request(self._url, data, kind)  # noqa: S310 - our own address
            self._opener.open(request, timeout=TIMEOUT_S).close()
        except urllib.error.HTTPError as error:
            with error:
                self._say(f"the report was refused: {error.code} {_message(error)}")
            return error.code in _FINAL
        except (ValueError, http.client.InvalidURL):  # it never becomes one
            self._say("the update address is no URL; your job goes on without reports")
            return True
        except Exception as error:  # noqa: BLE001 - the job matters more than its counters
            self._say(f"the report cannot be sent ({type(error).__name__}); your job goes on")
            return False
        return True

    def _say(self, text: str) -> None:
        if not self._said:
            self._said = True
            sys.stderr.write(f"arp: {text}\n")


def _plain(value: Any) -> Any:
    """Make a counter plain JSON: numpy numbers, tuples, and numbers that JSON cannot say."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if not isinstance(value, (bool, int, float, str)) and hasattr(value, "item"):
        try:
            value = value.item()  # of a numpy number
        except (TypeError, ValueError):
            return str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read(4096).decode("utf-8"))["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return ""


_reporter = Reporter()
atexit.register(_reporter.close)


def report(counters: Optional[Dict[str, Any]] = None, **more: Any) -> None:
    """Change some counters of this job, as ``report(Events=7, Rate=(120.5, "red"))``.

    Parameters
    ----------
    counters : dict, optional
        Names and values; for names that hold spaces.
    more
        Further counters.
    """
    _reporter.report(counters, **more)
