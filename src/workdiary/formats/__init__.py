"""Other people's files in and out: the native JSON, Upwork's work diary, and the cases of the rulebook."""
