"""The CloudWalk face server manual, version 1.24 of 2017-12-26 ("云之眼身份认证服务端(人脸识别)开发手册")."""
