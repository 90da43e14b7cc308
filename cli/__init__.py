"""The command line of microgd, installed as the package `microgd_cli`."""
