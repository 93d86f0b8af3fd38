"""Which data trains and which validates."""
