# A small image of the program, run by nobody in particular.
#   docker build -t trapline .
#   docker run -p 8080:8080 -v /srv/packages:/data:ro trapline serve --data /data/survey.zip …
FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake nasm && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release --package trapline && cp target/release/trapline /trapline

# glibc and certificates, no shell and no package manager; the user is 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /trapline /usr/local/bin/trapline
WORKDIR /var/lib/trapline
ENV TRAPLINE_LOG_FORMAT=json
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/trapline"]
CMD ["--help"]
