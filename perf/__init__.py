"""Speed: every figure the README states has its benchmark here."""
