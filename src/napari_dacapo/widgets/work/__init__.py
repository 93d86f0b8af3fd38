"""Work beside the window: threads of their own, and what they tell it."""
