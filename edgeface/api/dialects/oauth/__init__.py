"""``/oauth/2.0/token``: from a key pair to the access token that Baidu's calls carry."""
