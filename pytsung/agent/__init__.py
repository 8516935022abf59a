"""Agent and worker processes: the far end of one byte stream, and the users it runs.

Must not know the controller but by its messages.
"""
