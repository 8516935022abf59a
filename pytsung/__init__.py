"""pytsung: distributed load testing with existing Tsung configurations.

The package reads as the life of a test: `config` makes a plan, the `controller`
gives each `agent` its share, agents start users on `schedule`, a `user` decides
its next step, `protocols` turn steps into bytes, `stats` flow back, `logdir`
keeps them and `dashboard` shows them.
"""

__version__ = "0.1.0"
