# selftaught on a Mac, on Windows, or wherever Docker is:
#   docker build -t selftaught . && docker run --rm -it -v "$PWD:/work" selftaught demo
# The folder is where tasks are read and runs are written. Keys: `--env OPENAI_API_KEY`, or a file .env in the folder.
# A model that is served on the laptop itself: `--base-url http://host.docker.internal:11434/v1`.
FROM python:3.13-slim
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN pip install --no-cache-dir '/src[anthropic,bounds,google,otel]' && rm -rf /src
WORKDIR /work
ENTRYPOINT ["selftaught"]
CMD ["doctor"]
