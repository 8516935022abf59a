"""The web page of a running test.

Nothing here is imported before somebody opens the page but `serve`: a run that nobody
looks at pays for a listening socket.
"""
