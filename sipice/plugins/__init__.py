"""Bridges to SIP stacks: they translate, repair what a stack does wrong, and decide nothing."""
