"""Owns the latency model: how long a message is on its way."""

from random import Random

from gateways.simulator.config import LatencyConfig

US_PER_S = 1_000_000


class LatencyModel:
    """Fixed delays with a seeded, uniform jitter.

    The delays are kept by the event loop's timers, which are no finer than about one millisecond.
    """

    def __init__(self, config: LatencyConfig, seed: int) -> None:
        self._config = config
        self.is_instant = config == LatencyConfig()
        self._random = Random(seed)  # noqa: S311 - repeatable delays, nothing secret

    def request_s(self) -> float:
        """The way from the client to the matching engine, in seconds."""
        return self._delay_s(self._config.request_us)

    def reply_s(self) -> float:
        """The way of a reply back to the client, in seconds."""
        return self._delay_s(self._config.reply_us)

    def event_s(self) -> float:
        """The way of an event to the client, in seconds."""
        return self._delay_s(self._config.event_us)

    def _delay_s(self, fixed_us: int) -> float:
        jitter_us = self._random.randint(0, self._config.jitter_us) if self._config.jitter_us else 0
        return (fixed_us + jitter_us) / US_PER_S
