"""Before a test: what each host holds, against what the plan needs of it.

Agents tell facts, pure functions judge them, and what is wrong gets a command that
cures it. Must not know how an agent is reached.
"""
