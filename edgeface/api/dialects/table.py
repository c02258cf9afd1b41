"""Every vendor dialect that a daemon speaks."""

from __future__ import annotations

from edgeface.api.dialect import Dialect
from edgeface.api.dialects.baidu_v2.dialect import BaiduV2
from edgeface.api.dialects.baidu_v3.dialect import baidu_v3_dialects
from edgeface.api.dialects.cloudwalk.dialect import CloudWalkDialect
from edgeface.api.dialects.oauth.dialect import OauthDialect
from edgeface.api.dialects.tencent_v1.dialect import TencentV1Dialect


def vendor_dialects() -> tuple[Dialect, ...]:
    """The dialects of the documents, in the order of the documentation."""
    return (OauthDialect(), BaiduV2(), *baidu_v3_dialects(), TencentV1Dialect(), CloudWalkDialect())
