"""One epoll, very many sockets and timers, trio as its guest; for workers and server alike.

Must not know users, protocols or statistics.
"""
