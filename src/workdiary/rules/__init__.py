"""The sentences: one file a rule, pure functions that know the model, never a preset, never each other."""
