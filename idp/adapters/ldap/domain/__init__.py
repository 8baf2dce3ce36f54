"""Active Directory, Microsoft's or Samba's."""
