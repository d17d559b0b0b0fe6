"""The front door: everything that `elaastic` and the workers may ask of provisioning."""
