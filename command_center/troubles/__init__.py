"""What is wrong with the means of warning themselves: told to people, acknowledged by name, gone when it is mended."""
