"""Removing the mesh that is laid over identity photographs (CloudWalk 2.7, "人脸去网纹")."""
