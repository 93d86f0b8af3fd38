"""Forms: any record as fields a person can fill in, made from its declaration alone."""
