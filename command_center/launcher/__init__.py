"""`siaga run`: broker, gateway, command center and simulator as processes of one machine."""
