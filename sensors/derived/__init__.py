"""Datastreams that are computed from others, by declaration (derived.csv); `docs/derived.md` says what each means.

`methods` what there is · `rules` a catalogue's derivations as arrays · `state` what is remembered · `stage` new
observations in, derived ones out, by way of `from_trends`, `from_windows` and `from_seats` · one file for the
arithmetic of each method, named like it.
"""
