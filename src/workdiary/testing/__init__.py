"""For those who build on workdiary: the vectors, and a runner for any program that answers them."""
