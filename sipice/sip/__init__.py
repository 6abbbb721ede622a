"""SIP as sipice needs to see it: messages, their bodies, and the offer/answer exchanges in them."""
