"""The log: every batch, its transitions and dead letters, in the order in which they became durable."""
