"""How cost grows: with users, arrivals, agents, statistics, and the length of sessions.

One program a question. Each measures the same thing at sizes that are three or ten times
apart, prints a table, says where the cost of one more stops being the same, and draws
that with `--graph`. All end at `--top`, which a smaller machine may want lower.
"""
