"""Owns the `oms` application: which subcommands it has and under which heading."""

import typer

from tools.commands import (
    alarms,
    calibrate,
    cancel,
    config,
    demo,
    execute,
    explain,
    history,
    journal,
    keys,
    kill,
    latency,
    limits,
    orders,
    parents,
    pause,
    positions,
    run,
    sandbox,
    schema,
    simulate,
    status,
    submit,
    venue,
    warmup,
)
from tools.commands.group import CommandGroup

app = typer.Typer(
    name="oms",
    cls=CommandGroup,
    help="Order management between trading strategies and exchanges. `oms demo` shows all of it on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

START, OBSERVE, TRADE, CONTROL = "Start", "Observe", "Trade by hand", "Stop and control"

app.command(rich_help_panel=START)(demo.demo)
app.command(rich_help_panel=START)(sandbox.sandbox)
app.command(rich_help_panel=START)(run.run)
app.command(rich_help_panel=START, context_settings=venue.CONTEXT_SETTINGS, add_help_option=False)(venue.venue)
app.command(rich_help_panel=START)(warmup.warmup)
app.add_typer(config.app, rich_help_panel=START)
app.add_typer(keys.app, rich_help_panel=START)
app.command(rich_help_panel=OBSERVE)(latency.latency)
app.command(rich_help_panel=OBSERVE)(orders.orders)
app.command(rich_help_panel=OBSERVE)(parents.parents)
app.command(rich_help_panel=OBSERVE)(status.status)
app.command(rich_help_panel=OBSERVE)(history.explain)
app.command(rich_help_panel=OBSERVE)(calibrate.calibrate)
app.command(rich_help_panel=OBSERVE)(positions.positions)
app.command(rich_help_panel=OBSERVE)(schema.schema)
app.command(rich_help_panel=OBSERVE)(simulate.simulate)
app.add_typer(journal.app, rich_help_panel=OBSERVE)
app.command(rich_help_panel=TRADE)(submit.submit)
app.command(rich_help_panel=TRADE)(execute.execute)
app.command(rich_help_panel=TRADE)(pause.pause)
app.command(rich_help_panel=TRADE)(pause.resume)
app.command(rich_help_panel=TRADE)(cancel.cancel)
app.command(rich_help_panel=CONTROL)(kill.kill)
app.command(rich_help_panel=CONTROL)(kill.arm)
app.add_typer(alarms.app, rich_help_panel=CONTROL)
app.add_typer(limits.app, rich_help_panel=CONTROL)
app.command("help", rich_help_panel=CONTROL)(explain.explain_code)
