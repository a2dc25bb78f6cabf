"""What Yinju is made of: locked versions with their hashes, licences, a list of components, and known vulnerabilities of these."""
