"""The doctor: whether the tracker can work on this machine, each check a finding with what to do."""
