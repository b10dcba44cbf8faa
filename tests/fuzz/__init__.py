"""Programs that look for inputs which break something; each runs by hand for as long as one likes."""
