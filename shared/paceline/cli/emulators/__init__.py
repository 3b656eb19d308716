"""Google's services on this machine: for the contract tests, the demo and a chaos test."""
