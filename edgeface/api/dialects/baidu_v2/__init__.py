"""The Baidu face documents of version 2: "FACE 文档" of 2017-08-23 (its REST chapter rules) and
"Face-Csharp-SDK-V2" of 2018, which adds ``multi-identify``, ``faceverify`` and ``person/verify``."""
