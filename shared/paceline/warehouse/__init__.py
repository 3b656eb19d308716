"""The SQL compiler: tables as folders, one order, two engines, checks that block."""
