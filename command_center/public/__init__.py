"""The public page: what the river does at a kelurahan, for everybody."""
