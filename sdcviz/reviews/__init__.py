"""Reviews of products: what they are worth beside observations, and what is wrong in them."""
