# The app and all its commands: docker build -f docker/app.Dockerfile -t sdcviz/app:0.1.0 .
#
# Nobody signs on to it: it serves one local user, and a port that is published has to stay on this
# machine (docker run -e SDCVIZ_TRUSTED_FRONT=true -p 127.0.0.1:5006:5006 sdcviz/app:0.1.0), or
# behind a web server that does (docker/compose.yaml).
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS wheel
# Where there is no network: "--no-index --no-build-isolation", with setuptools in the base.
ARG WHEEL_OPTIONS=""
WORKDIR /src
COPY . .
# hadolint ignore=SC2086
RUN pip wheel --no-deps ${WHEEL_OPTIONS} --wheel-dir /wheels .

FROM ${BASE}
# Where there is no network: "--no-index --no-deps", with the dependencies in the base, or mounted.
ARG INSTALL_OPTIONS=""
COPY .ci/constraints.txt /tmp/constraints.txt
COPY --from=wheel /wheels /wheels
# hadolint ignore=SC2086
RUN pip install --no-cache-dir ${INSTALL_OPTIONS} -c /tmp/constraints.txt "$(echo /wheels/*.whl)[animation]" \
    && useradd --create-home --uid 1000 sdcviz \
    && install -d -o sdcviz -g sdcviz /data /cache
USER 1000:1000
# Compiled functions are kept outside the image's own, read-only folders.
ENV SDCVIZ_HOST=0.0.0.0 \
    SDCVIZ_DATA_DIR=/data \
    SDCVIZ_LOG_JSON=true \
    SDCVIZ_LOG_LEVEL=info \
    NUMBA_CACHE_DIR=/cache/numba \
    MPLCONFIGDIR=/cache/matplotlib
VOLUME ["/data", "/cache"]
EXPOSE 5006
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('SDCVIZ_PORT', '5006') + '/api/health', timeout=4)"]
ENTRYPOINT ["sdcviz"]
CMD ["serve"]
