"""The subcommands of `oms`, one file each; a file loads what it needs when it runs, so that --help is quick."""
