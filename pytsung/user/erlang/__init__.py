"""The part of Erlang that people write into `<setdynvars sourcetype="eval">`.

Literals, matching, arithmetic, `++`, `if`, `case` and a table of functions; what is
not in it is refused by name when a configuration is read. Must not know users: a
scope answers for them.
"""
