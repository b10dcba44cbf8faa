"""What `siaga evaluate` does with a recording: levels, judgement, comparison with the truth, report and plots."""
