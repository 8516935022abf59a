"""The target's hosts while a test runs: processor, memory, load, and what else is asked for.

A host is asked every ten seconds by a program of ours that runs there for as long as the
test, by SNMP, or through its munin node. Whatever fails is said and tried again; it never
ends a test. Must not know agents, logs or pages: readings go to whoever hears them.
"""
