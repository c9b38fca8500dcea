"""The heavy side of Yomiage: the resident process."""
