"""Embed real images into StyleGAN's latent space and edit them there."""
