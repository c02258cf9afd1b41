"""Tencent face recognition 1.0: ``/face/<call>`` as its document and its published Python client have it."""
