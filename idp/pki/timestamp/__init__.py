"""Time-stamps: what is asked (``question``), the signed answer (``token``), and who signs (``service``); RFC 3161."""
