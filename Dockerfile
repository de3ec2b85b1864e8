# Footnote's app: two stages, no compiler and no cache in the second, no root at run time.
#   docker build -t footnote .
#   docker run --rm -p 127.0.0.1:8000:8000 -v footnote-data:/data footnote
# People sign in: the first start shows a link that makes the first operator.

FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements/runtime.lock requirements/torch.version requirements/
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --no-deps \
      --index-url https://download.pytorch.org/whl/cpu "torch==$(cat requirements/torch.version)" \
 && /opt/venv/bin/pip install --no-cache-dir --no-deps --requirement requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY ingest ingest
COPY evals evals
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /opt/venv /opt/venv
COPY prd/PRD.md prd/acceptance.yaml prd/metrics.yaml prd/intended-uses.yaml /prd/
COPY prd/decisions /prd/decisions
COPY prd/experiments /prd/experiments
COPY evals/reports /evals/reports
RUN groupadd --gid 10001 footnote \
 && useradd --uid 10001 --gid footnote --home-dir /data --no-create-home footnote \
 && install --directory --owner=footnote --group=footnote /data
# Everything that is written goes to /data, models fetched by name included.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/data/models \
    FOOTNOTE_DATA_DIR=/data \
    FOOTNOTE_PRD_DIR=/prd \
    FOOTNOTE_EVAL_REPORT=/evals/reports/sample/report.json \
    FOOTNOTE_HOST=0.0.0.0 \
    FOOTNOTE_PORT=8000
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['FOOTNOTE_PORT'] + '/readyz', timeout=4)"]
CMD ["footnote", "serve"]
