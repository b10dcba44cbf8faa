"""What is printed: sheets as values, written as HTML and as PDF."""
