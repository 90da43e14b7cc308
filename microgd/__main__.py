"""`python -m microgd`: the command line, which is a package of its own (`microgd_cli`)."""

from runpy import run_module

run_module("microgd_cli", run_name="__main__", alter_sys=True)
