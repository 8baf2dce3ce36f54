"""How far an application has come: from its registration to the day on which its own login is switched off."""
