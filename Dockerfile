# CI has no container engine, so it does not build this; tests/test_image.py runs the steps in a bare Debian. There are
# two stages: the second has neither pip nor build tools, and does not run as root. Only /data is written to; the rest
# may be read-only. The base is named by its tag; to get the same image tomorrow, add the digest that
# `docker buildx imagetools inspect python:3.13-slim` shows.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN python3 -m venv /build && /build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.lock
RUN python3 -m venv --without-pip /venv && /build/bin/pip --python /venv/bin/python install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY domain domain
COPY application application
COPY adapters adapters
COPY entrypoints entrypoints
RUN /build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . && /build/bin/pip --python /venv/bin/python install --no-cache-dir --no-deps --no-index /wheels/*.whl

FROM python:3.13-slim
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.*/site-packages/pip* /usr/local/lib/python3.*/ensurepip
RUN useradd --uid 10001 fairlead && install -d -o fairlead -m 0700 /data
COPY --from=build /venv /venv
USER fairlead
ENV FAIRLEAD_DATABASE_URL=sqlite:////data/fairlead.db PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
# Not /readyz: it needs a key as soon as there is one.
HEALTHCHECK CMD ["/venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz')"]
ENTRYPOINT ["/venv/bin/fairlead"]
CMD ["serve", "--host", "0.0.0.0"]
