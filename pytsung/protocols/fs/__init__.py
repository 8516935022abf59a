"""File sessions (`ts_fs`): load on the file systems of the agents' hosts."""
