"""Jobs J2 and J3: quotes with a strategy of limit orders, books with a market maker."""
