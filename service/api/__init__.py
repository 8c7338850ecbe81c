"""The JSON interface. A view parses, makes one call and renders; it knows no store and no rule of the domain."""
