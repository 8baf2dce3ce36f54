"""Registration of certificates: who asks, who approves, who issues, who hands over, and how it ends.

Source: Decree 68/2024 as provinces apply it. The legal issuer of officers' certificates is the Government's authority; here is
the desk that asks, hands over and keeps track. States: ``states``; what is kept: ``record``; the only way to change a state:
``moves``.
"""
