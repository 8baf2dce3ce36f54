"""Signing SIMs: whose number, card and certificate belong together, from the request to the end of the card.

Source: trust-services E.3. A SIM begins as a request, its number is proven by a code, two people approve it, the carrier's
service registers the card, the certificate is made for the card's key, and a first signature shows that all of it fits. Rows and
lines of their history are never deleted: a document of today is verified in twenty years.
"""
