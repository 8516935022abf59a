"""Shell sessions (`ts_shell`): commands run on the agents' hosts."""
