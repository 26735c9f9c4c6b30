"""What credentials permit: one folder a provider, none of which knows the others."""
