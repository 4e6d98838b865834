# SPDX-License-Identifier: LGPL-2.1-or-later
# The program and the element on Debian's packages; untried.
#
#   docker build -t kyutaistt .
#   docker run -v "$PWD:/data" -w /data kyutaistt transcribe MODEL FILE
FROM debian:bookworm AS build
COPY . /source/kyutaistt
WORKDIR /source/kyutaistt
RUN apt-get update && apt-get install -y --no-install-recommends build-essential \
 && apt-get build-dep -y --no-install-recommends ./ \
 && dpkg-buildpackage --build=binary --no-sign

FROM debian:bookworm-slim
COPY --from=build /source/*.deb /packages/
RUN apt-get update \
 && apt-get install -y --no-install-recommends gstreamer1.0-tools gstreamer1.0-plugins-good \
      gstreamer1.0-plugins-bad gstreamer1.0-libav /packages/libkyutaistt0_*.deb \
      /packages/gstreamer1.0-kyutaistt_*.deb /packages/kyutaistt_*.deb /packages/kyutaistt-demo_*.deb \
 && rm -rf /packages /var/lib/apt/lists/*
ENTRYPOINT ["kyutaistt"]
