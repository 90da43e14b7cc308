"""Only the list of packages; everything else about the distribution is in setup.cfg.

The folder ``cli/`` is installed as ``microgd_cli``, so that it shadows nobody's ``cli``.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["microgd", "microgd.*"]), "microgd_cli"],
    package_dir={"microgd_cli": "cli"},
)
