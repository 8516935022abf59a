"""Raw sessions (`ts_raw`): bytes of the configuration's own choosing, over any transport."""
