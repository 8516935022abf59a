"""The run, live, for people: on the terminal.

Must not know how figures are collected: it draws what it is given.
"""
