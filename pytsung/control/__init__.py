"""What controller, agent and worker say to each other; all they share.

Messages are typed dataclasses, framed with a length, written as JSON. Must not
know what carries them: a pipe, a socket pair or an SSH channel.
"""
