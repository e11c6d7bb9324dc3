# A GPU node: the fine-tuning runtime and the embedded student, each a layer below the code, so that a new version of the code fetches and
# ships neither again. Build it in the project folder, after the agents' image:
#   podman build --file deploy/images/gpu.Dockerfile --tag syllabus-gpu .
# The runtime brings CUDA's libraries; the host has the driver (NVIDIA Container Toolkit).
ARG AGENTS_IMAGE=localhost/syllabus-agents:latest
ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${AGENTS_IMAGE} AS agents

FROM ${BASE_IMAGE} AS python
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && ln -s /opt/syllabus/cli/bin.mjs /usr/local/bin/syllabus \
 && install -d -o 10001 -g 10001 -m 0700 /data
ENV PATH=/opt/syllabus/node_modules/.bin:/usr/local/bin:/usr/bin:/bin

# Only what fetches is here, so that other changes of the code leave this layer as it is.
FROM python AS runtime
COPY --from=agents /opt/syllabus/node_modules /opt/syllabus/node_modules
COPY package.json /opt/syllabus/
COPY machine /opt/syllabus/machine
COPY schemas /opt/syllabus/schemas
COPY provision /opt/syllabus/provision
COPY trainer-bridge/runtimes/peft /opt/syllabus/trainer-bridge/runtimes/peft
COPY deploy/images/fetch.ts /opt/syllabus/deploy/images/
ENV SYLLABUS_HOME=/opt/syllabus-home
# Nothing answers there: a machine that builds has no GPU, and would take torch's CPU build. For that one name its own index.
ARG TORCH_INDEX=http://127.0.0.1:9
RUN SYLLABUS_TORCH_INDEX=${TORCH_INDEX} node /opt/syllabus/deploy/images/fetch.ts runtime

FROM runtime AS student
RUN node /opt/syllabus/deploy/images/fetch.ts student

FROM python
COPY --from=runtime /opt/syllabus-home/runtime /opt/syllabus-home/runtime
COPY --from=student /opt/syllabus-home/students /opt/syllabus-home/students
COPY --from=agents /opt/syllabus /opt/syllabus
ENV HOME=/data \
    SYLLABUS_HOME=/data/home \
    SYLLABUS_RUNS=/data/runs \
    SYLLABUS_IMAGE_HOME=/opt/syllabus-home \
    NODE_COMPILE_CACHE=/opt/syllabus/compiled \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001:10001
VOLUME ["/data", "/tmp"]
WORKDIR /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 CMD ["node", "/opt/syllabus/deploy/images/health.mjs"]
ENTRYPOINT ["tini", "-g", "--", "/opt/syllabus/deploy/images/start.sh"]
CMD ["syllabus", "--help"]
