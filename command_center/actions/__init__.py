"""Standing actions: what people do at a level, who has it, and what nobody has taken back yet; reports by the clock."""
