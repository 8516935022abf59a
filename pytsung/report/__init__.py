"""A log directory made readable: pages, graphs, tables, comparisons.

Reads what a run left behind, ours or Tsung's; must not know anything live.
"""
