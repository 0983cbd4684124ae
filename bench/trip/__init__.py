"""An order's trip to a venue and back, beside other load."""
