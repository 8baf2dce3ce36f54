"""Client-Initiated Backchannel Authentication: an application asks for an officer, who answers on a device of their own."""
