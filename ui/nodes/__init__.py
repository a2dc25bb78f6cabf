"""Several `yinju serve` processes of one library: each says where it is reached, and a page's requests are led to the one that served it."""
