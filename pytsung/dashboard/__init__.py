"""The run, live, for people and programs: on the terminal, on a page, through a socket.

Must not know how figures are collected: it shows what it is given. Nothing is imported
here: who asks a run how it is doing needs nothing to draw with.
"""
