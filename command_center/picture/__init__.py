"""The picture of the city in memory: the log followed, the newest values, and the history behind them."""
