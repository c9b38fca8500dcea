"""`yomiage bench`: how long a sentence takes on this machine, in the ways that Yomiage has translated so far."""
