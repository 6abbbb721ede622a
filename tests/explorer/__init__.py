"""Every order of events that two small agents can meet, up to a bound (decision D2.7)."""
