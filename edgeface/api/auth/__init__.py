"""Who calls, where the kernel does not tell: keys, access tokens, signatures and quotas."""
