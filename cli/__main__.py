"""`python -m microgd_cli`: the same as `microgd`, where the scripts of pip are not on the PATH."""

from .main import main

main()
