"""Small widgets of which pages are made."""
