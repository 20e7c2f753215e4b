"""Owns what a configuration needs of this host: processors, key files, environment variables."""

import os
import stat
from pathlib import Path

from msgspec import structs

from engine.configuration.problems import Problems
from engine.configuration.shape import AccountConfig, Config, VenueConfig


def with_absolute_paths(config: Config, folder: Path) -> Config:
    """The configuration with each path made absolute; they are relative to the file's folder."""

    def absolute(path: str | None) -> str | None:
        return None if path is None else str(folder / os.path.expanduser(path))

    venues = tuple(structs.replace(venue, ca_file=absolute(venue.ca_file)) for venue in config.venues)
    accounts = tuple(
        structs.replace(
            account, key_file=absolute(account.key_file), guardian_key_file=absolute(account.guardian_key_file)
        )
        for account in config.accounts
    )
    curve = tuple(
        structs.replace(one, server_key_file=str(folder / os.path.expanduser(one.server_key_file)))
        for one in config.ipc.curve
    )
    ipc = structs.replace(config.ipc, curve=curve)
    return structs.replace(config, venues=venues, accounts=accounts, ipc=ipc)


def check_host(config: Config, problems: Problems) -> None:
    """Notes what this host does not have or what lies open on it."""
    _check_core(config.engine.core, problems)
    for index, venue in enumerate(config.venues):
        _check_ca_file(venue, f"venue[{index}].ca_file", problems)
    for index, account in enumerate(config.accounts):
        _check_credentials(account, f"account[{index}]", problems)
    for index, curve in enumerate(config.ipc.curve):
        key = f"ipc.curve[{index}].server_key_file"
        if problems.is_sound(key):
            _check_key_file(curve.server_key_file, key, problems)


def _check_core(core: int, problems: Problems) -> None:
    usable = sorted(os.sched_getaffinity(0))
    if problems.is_sound("engine.core") and core != -1 and core not in usable:
        problems.add(
            "engine.core",
            "is no processor that this process may use",
            value=str(core),
            allowed=f"-1 for none, or one of {', '.join(map(str, usable))}",
            fix="choose one of these",
        )


def _check_ca_file(venue: VenueConfig, key: str, problems: Problems) -> None:
    if venue.ca_file is None or not problems.is_sound(key):
        return
    try:
        is_file = stat.S_ISREG(os.stat(venue.ca_file).st_mode)
    except OSError as error:
        problems.add(key, f"cannot be read: {error.strerror}", fix="name a file with PEM certificates")
        return
    if not is_file:
        problems.add(key, "is not a file", fix="name a file with PEM certificates")


def _check_credentials(account: AccountConfig, key: str, problems: Problems) -> None:
    for name in ("key_file", "guardian_key_file"):
        path = getattr(account, name)
        if path is not None and problems.is_sound(f"{key}.{name}"):
            _check_key_file(path, f"{key}.{name}", problems)
    for name in ("api_key_env", "secret_env", "guardian_api_key_env", "guardian_secret_env"):
        variable = getattr(account, name)
        if variable is not None and problems.is_sound(f"{key}.{name}") and not os.environ.get(variable):
            problems.add(
                f"{key}.{name}",
                "names an environment variable that is not set",
                allowed="the name of a variable that is set",
                fix="set the variable or use a file",
            )


def _check_key_file(path: str, key: str, problems: Problems) -> None:
    try:
        status = os.lstat(path)  # as the reader of the key follows no link
    except OSError as error:
        # The path itself is not shown: it might be the key, put in the wrong place.
        problems.add(
            key,
            f"cannot be read: {error.strerror}",
            allowed="a path, relative to the folder of this file",
            fix="put the key there or correct the path",
        )
        return
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISREG(status.st_mode):
        problems.add(key, f"{path} is not a file", allowed="a plain file", fix="name the file that holds the key")
    elif status.st_uid != os.geteuid():
        problems.add(
            key,
            f"{path} belongs to user {status.st_uid}",
            allowed=f"a file of user {os.geteuid()}",
            fix=f"run: chown {os.geteuid()} {path}",
        )
    elif mode & 0o077:
        problems.add(
            key,
            f"{path} has mode {mode:04o} and others can get at it",
            allowed="mode 0600",
            fix=f"run: chmod 600 {path}",
        )
    elif status.st_size == 0:
        problems.add(key, f"{path} is empty", allowed="a file that holds the key", fix="put the key there")
