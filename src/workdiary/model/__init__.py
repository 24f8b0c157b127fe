"""The nouns: values only, no policy knowledge, no clock, no input or output."""
