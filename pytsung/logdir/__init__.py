"""The files of a run: Tsung's, and our own. Milliseconds and Tsung's spellings live here.

Must not know where the figures come from, nor what a report makes of them.
"""
