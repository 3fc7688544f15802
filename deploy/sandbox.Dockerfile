# Image of the backend `container` with the packages that analyses ask for. Needs nothing of this folder:
#   docker build -t rlm-sandbox -f deploy/sandbox.Dockerfile deploy
#   RLM_SANDBOX_CONTAINER_IMAGE=rlm-sandbox
# Any image with Python 3.11 or later will do, and with Node.js 18 or later beside it for JavaScript: the guest's own
# files come over standard input.
ARG PYTHON_IMAGE=python:3.12-slim
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS node

FROM ${PYTHON_IMAGE}
COPY --from=node /usr/local/bin/node /usr/local/bin/node
RUN node --version
RUN python3 -m pip install --no-cache-dir --no-compile numpy pandas polars lxml
# As it is run; also where somebody runs it by hand.
USER 65532:65532
