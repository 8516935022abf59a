"""What a virtual user does next: facts in, steps out.

Must not know sockets, clocks or processes: it is told what happened and when,
and answers with what it wants done.
"""
