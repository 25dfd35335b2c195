"""Finds the packages. All else is in pyproject.toml, which has no word for a root that is itself the package."""

from setuptools import find_packages, setup

# Without its name told, setuptools takes this file for a module of the package that lies beside it.
folders = find_packages(exclude=["tests", "tests.*"])
setup(script_name="setup.py", packages=["mswal_bench", *(f"mswal_bench.{folder}" for folder in folders)])
