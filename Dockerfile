# The service in a container: docker build -t yinju:0.1.0 .     (docs/scale.md; with Milvus behind and nginx before it: compose.yaml)
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/yinju
# Nothing that is not listed with its hash; wheels only, so that nothing is compiled or run while it is installed. But for jieba, which
# comes as a source archive alone, of Python only: by the setuptools of the list.
COPY supply/requirements.lock supply/
RUN awk '/^[a-z]/ {file = /^jieba==/ ? "sources.lock" : "wheels.lock"} file {print > file}' supply/requirements.lock \
    && /opt/yinju/bin/pip install --no-deps --require-hashes --only-binary :all: -r wheels.lock --extra-index-url https://download.pytorch.org/whl/cpu \
    && /opt/yinju/bin/pip install --no-deps --require-hashes --no-build-isolation -r sources.lock
COPY pyproject.toml README.md LICENSE MANIFEST.in constraints.txt CHANGELOG.md ./
COPY corpus/ corpus/
COPY embeddings/ embeddings/
COPY rag/ rag/
COPY eval/ eval/
COPY ui/ ui/
RUN /opt/yinju/bin/pip install --no-deps --no-build-isolation .
# What only tests and measurements need is in the lock as well, and does not belong here.
RUN /opt/yinju/bin/pip uninstall --yes atheris axe-playwright-python hypothesis mypy playwright pytest pytest-xdist reportlab ruff simpy pip \
    && find /opt/yinju -name __pycache__ -type d -prune -exec rm -rf {} +

FROM python:3.11.14-slim-bookworm
# Every library of the packages needs no more of the system than glibc, libgcc, libstdc++ and zlib, which are here.
RUN groupadd --gid 10001 yinju \
    && useradd --uid 10001 --gid yinju --home-dir /var/lib/yinju --no-create-home --shell /usr/sbin/nologin yinju \
    && install -d -o yinju -g yinju -m 750 /var/lib/yinju /var/cache/yinju
COPY --from=build /opt/yinju /opt/yinju
# Bytecode cannot be written on a root that is read only: it is here already.
RUN /opt/yinju/bin/python -m compileall -q /opt/yinju/lib || true
ENV PATH=/opt/yinju/bin:$PATH HOME=/var/lib/yinju YINJU_CACHE=/var/cache/yinju HF_HUB_OFFLINE=1 GRADIO_ANALYTICS_ENABLED=False PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/yinju
# What readers and keepers write, and the models that are unpacked once for this machine's CPU.
VOLUME ["/var/lib/yinju", "/var/cache/yinju"]
EXPOSE 7860
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=4 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/health', timeout=4).read()"]
ENTRYPOINT ["yinju"]
# Another host than loopback is refused while there are no users: `docker run … yinju users add NAME --role keeper` first.
CMD ["serve", "--host", "0.0.0.0"]
