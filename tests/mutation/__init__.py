"""Mutation of sipice.ice by general operators, beside the faults that were planted by hand."""
