"""How fast a datastream rises or falls, robustly, and when it would reach its next level at that rate.

`rules` which datastreams have a trend · `state` the points that are kept · `theil_sen` the slope through
them · `advance` new observations in · `projection` the next level ahead · `lost` what it says of a datastream that
fell silent.
"""
