"""One module a step, named as its function: orchestration only, speaking to ports."""
