"""Owns keeping the memory of a process that holds keys to itself."""

import ctypes
import resource
from collections.abc import Iterator

from engine.config import Config
from gateways.environment import take_variable

# <linux/prctl.h>
_PR_SET_DUMPABLE = 4
_LIBC = ctypes.CDLL(None, use_errno=True)


def keep_memory_private() -> None:
    """From now on there is no core file, and only the superuser can trace us or read our memory and environment.

    Called first of all: what is started with exec begins without it.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    done = _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    assert done == 0, "every Linux has this call"


def secret_variables(config: Config) -> Iterator[str]:
    """The names of the environment variables that hold keys, whoever's they are."""
    for account in config.accounts:
        names = (
            account.api_key_env,
            account.secret_env,
            account.guardian_api_key_env,
            account.guardian_secret_env,
        )
        yield from (name for name in names if name is not None)


def forget_variables(config: Config) -> None:
    """Gives up the keys that came along with ours because all of us have one parent; what we start inherits none."""
    for name in secret_variables(config):
        take_variable(name)
