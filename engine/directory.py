"""Owns the order of names: which number each venue, account, instrument and asset of a configuration has."""

from engine.config import Config

# Binance takes fees in BNB when the account says so; further venues' fee assets stand here too.
_FEE_ASSETS = ("BNB",)


class Directory:
    """Which number each name has in the records of this engine."""

    def __init__(self, config: Config) -> None:
        self.venues = [venue.name for venue in config.venues]
        self.accounts = [account.name for account in config.accounts]
        self.instruments = [f"{pair}.{venue.name}" for venue in config.venues for pair in venue.instruments]
        self.venue_of_instrument = [self.venues.index(venue.name) for venue in config.venues for _ in venue.instruments]
        assets = dict.fromkeys(
            asset for venue in config.venues for pair in venue.instruments for asset in (*pair.split("/"), *_FEE_ASSETS)
        )
        self.assets = list(assets)
        self.strategy_rows = max(strategy.id for strategy in config.strategies) + 1
