"""A carrier's mobile signature service with its phones, for developers, demonstrations and tests.

Spec: ETSI TS 102 204 V1.1.4 (messages, asynchronous client-server mode), SOAP 1.2. It runs in its own process and folder, with
SIMs that have real keys, and knows nothing of the provider: it reads and writes messages by itself, so that a mistake on one side
shows on the other. Only the schema of the messages is the same file. docs/mobile-signature-simulator.md tells how to use it.
"""
