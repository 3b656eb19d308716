"""What flows: events, messages, bronze objects, tokens, tables of ids."""
