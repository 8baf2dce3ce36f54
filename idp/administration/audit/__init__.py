"""The trail for administrators: looked through, one record read with its standing in the chain, the chain checked in parts."""
