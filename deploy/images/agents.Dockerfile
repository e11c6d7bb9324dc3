# Agents, page and commands of Syllabus, without the Python runtime. Build it in the project folder:
#   podman build --file deploy/images/agents.Dockerfile --tag syllabus-agents .
# Node is the one of the lock file: the image of Node only installs the packages.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim
ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /opt/syllabus
COPY package.json package-lock.json ./
# The script after an install compiles the code, which is not here yet. npm makes the link to the packages' Node, or leaves it out.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/node/include \
 && ln -sf ../node/bin/node node_modules/.bin/node

FROM ${BASE_IMAGE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* \
 && ln -s /opt/syllabus/cli/bin.mjs /usr/local/bin/syllabus \
 && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=packages /opt/syllabus/node_modules /opt/syllabus/node_modules
COPY . /opt/syllabus
# Compiled code is kept by user, so that user compiles.
RUN chmod 0755 /opt/syllabus/cli/bin.mjs && install -d -o 10001 -g 10001 /opt/syllabus/compiled
ENV PATH=/opt/syllabus/node_modules/.bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/data \
    SYLLABUS_HOME=/data/home \
    SYLLABUS_RUNS=/data/runs \
    SYLLABUS_IMAGE_HOME=/opt/syllabus-home \
    NODE_COMPILE_CACHE=/opt/syllabus/compiled
USER 10001:10001
RUN node /opt/syllabus/cli/compile.mjs
# The root may be read-only: nothing is written outside these.
VOLUME ["/data", "/tmp"]
WORKDIR /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/opt/syllabus/deploy/images/health.mjs"]
ENTRYPOINT ["tini", "-g", "--", "/opt/syllabus/deploy/images/start.sh"]
CMD ["syllabus", "--help"]
