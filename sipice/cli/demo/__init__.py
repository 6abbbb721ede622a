"""`sipice demo`: a real SIP call on this machine, heard, measured and drawn."""
