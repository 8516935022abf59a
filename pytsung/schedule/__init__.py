"""When users arrive and how long they think: arithmetic on a phase and a random source.

Must not know a clock, a socket or an agent: the caller waits.
"""
