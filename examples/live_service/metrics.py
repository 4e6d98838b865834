# SPDX-License-Identifier: LGPL-2.1-or-later
"""Statistics as OpenMetrics 1.0, for Prometheus and what understands it."""
import collections
import math
import time

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
QUANTILES = (0.5, 0.95, 0.99)
# Of the lag: the last words count.
KEPT_LAGS = 1000
# Seconds over which the model's load is averaged.
LOAD_WINDOW = 30


def quantile(values, share):
    """The smallest value that at least this share of them does not exceed; NaN if there is none."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else math.nan


class Lags:
    """From a word's end to its text."""

    def __init__(self):
        self._last = collections.deque(maxlen=KEPT_LAGS)
        self._sum = 0.0
        self._count = 0

    def add(self, seconds):
        self._last.append(seconds)
        self._sum += seconds
        self._count += 1

    def lines(self, name):
        for share in QUANTILES:
            yield f'{name}{{quantile="{share}"}}', quantile(self._last, share)
        yield f"{name}_sum", self._sum
        yield f"{name}_count", self._count


class Load:
    """How busy the model is, from its counters of steps and of the nanoseconds that they took."""

    def __init__(self):
        self._samples = collections.deque()

    def add(self, steps, busy, now=None):
        now = time.monotonic() if now is None else now
        self._samples.append((now, steps, busy))
        while len(self._samples) > 2 and self._samples[1][0] <= now - LOAD_WINDOW:
            self._samples.popleft()

    def _difference(self):
        first, last = self._samples[0], self._samples[-1]
        return (after - before for before, after in zip(first, last))

    def step_seconds(self):
        """The mean step of the last half minute; NaN if there was none."""
        _duration, steps, busy = self._difference()
        return busy / 1e9 / steps if steps > 0 else math.nan

    def free(self):
        """The share of the time in which the model had nothing to do."""
        duration, _steps, busy = self._difference()
        return min(max(1 - busy / 1e9 / duration, 0.0), 1.0) if duration > 0 else math.nan


def number(value):
    return "NaN" if isinstance(value, float) and math.isnan(value) else repr(value)


def text(families):
    """Families are tuples of name, type, unit, help and samples; samples are names and values."""
    lines = []
    for name, kind, unit, description, samples in families:
        lines.append(f"# TYPE {name} {kind}")
        if unit:
            lines.append(f"# UNIT {name} {unit}")
        lines.append(f"# HELP {name} {description}")
        lines += [f"{sample} {number(value)}" for sample, value in samples]
    return "\n".join([*lines, "# EOF", ""])
