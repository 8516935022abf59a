"""Tsung XML → Plan. The only package that imports lxml; stops every unit and word of Tsung's.

Must not know how a plan is run.
"""

from pytsung.config.configuration import Configuration, read_configuration

__all__ = ["Configuration", "read_configuration"]
