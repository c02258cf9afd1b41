"""The Baidu face document of versions 3 and 4 ("PHP-SDK", interfaces below ``/rest/2.0/face/v3`` and ``v4``)."""
