"""All that speaks to a vendor: one package a vendor, one file a port."""
