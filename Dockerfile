# One image for every program: web, worker, beat, prepare (docs/howto/many-machines.md).
FROM python:3.12-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --system --uid 10001 --create-home leadops
WORKDIR /app

# Checked by hash; a layer of its own, which changes only with the lock.
COPY requirements.lock ./
RUN python -m pip install --require-hashes -r requirements.lock

COPY . .
RUN python -m compileall -q crm_sync crm_sandbox exception_queue intake leadops plumbing routing \
    && install -d -o leadops -g leadops -m 0700 /var/lib/leadops

USER leadops
ENV LEADOPS_DATA_DIR=/var/lib/leadops \
    LEADOPS_BIND=0.0.0.0 \
    LEADOPS_PORT=8000
EXPOSE 8000
ENTRYPOINT ["python", "manage.py"]
CMD ["run", "web"]
