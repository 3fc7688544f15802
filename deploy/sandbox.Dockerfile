# Image of the backend `container` with the packages that analyses ask for. Needs nothing of this folder:
#   docker build -t rlm-sandbox -f deploy/sandbox.Dockerfile deploy
#   RLM_SANDBOX_CONTAINER_IMAGE=rlm-sandbox
# Any image with Python 3.11 or later will do: the guest's own files come over standard input.
ARG PYTHON_IMAGE=python:3.12-slim
FROM ${PYTHON_IMAGE}
RUN python3 -m pip install --no-cache-dir --no-compile numpy pandas polars lxml
# As it is run; also where somebody runs it by hand.
USER 65532:65532
