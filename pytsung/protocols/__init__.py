"""One room a protocol: its requests, the reading of its XML element, its conversation.

`room.py` is the seam that every room fills and `registry.py` finds the rooms.
Rooms must not know sockets, clocks, other rooms, or what a session does between
two requests.
"""
