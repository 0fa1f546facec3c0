// Linked for what it does before main; see calm.c.
