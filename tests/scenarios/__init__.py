"""Whole sessions in the virtual network; what each may take and must reach."""
