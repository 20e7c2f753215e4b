"""Owns which accounts a guardian guards, and with which keys."""

from pathlib import Path

from engine.config import AccountConfig, Config
from engine.event_log import EventLog, LogLevel
from engine.guardian.account_line import GuardedAccount
from gateways.credentials import Credentials, read_environment, read_file
from gateways.registry import VENUES


def guarded_accounts(config: Config, log: EventLog) -> list[GuardedAccount]:
    """All of the configuration; says of which it has no key of its own."""
    accounts = []
    for account in config.accounts:
        venue_config = next(venue for venue in config.venues if venue.name == account.venue)
        venue = VENUES[venue_config.kind]
        is_simulated = venue_config.environment == "custom" and not venue_config.live
        if not account.has_guardian_key and not is_simulated:
            fix = "give it a guardian_key_file: what takes the engine's key away must not take the guardian's"
            log.write(LogLevel.WARNING, "shared_key", account=account.name, fix=fix)
        accounts.append(
            GuardedAccount(
                name=account.name,
                venue=venue,
                order_url=venue_config.order_url or venue.endpoints[venue_config.environment].order_url,
                credentials=_credentials(account),
                receive_window_ms=venue_config.receive_window_ms,
                symbols=[venue.symbol(*pair.split("/")) for pair in venue_config.instruments],
                ca_file=None if venue_config.ca_file is None else Path(venue_config.ca_file),
            )
        )
    return accounts


def _credentials(account: AccountConfig) -> Credentials:
    if account.guardian_key_file is not None:
        return read_file(Path(account.guardian_key_file))
    if account.guardian_api_key_env is not None and account.guardian_secret_env is not None:
        return read_environment(account.guardian_api_key_env, account.guardian_secret_env)
    if account.key_file is not None:
        return read_file(Path(account.key_file))
    assert account.api_key_env is not None, "the configuration names a file or two variables"
    assert account.secret_env is not None, "the configuration names a file or two variables"
    return read_environment(account.api_key_env, account.secret_env)
