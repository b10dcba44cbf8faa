"""What a sensor is and what its numbers mean: catalogue, units, quality, the detector.  Pure: no clock, no sockets."""
