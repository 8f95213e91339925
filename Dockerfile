# Builds the one binary and puts it into a small image. The data is a volume: /data.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin wfm && install -d -o wfm -g wfm /data
COPY --from=build /src/target/release/wfm /usr/local/bin/wfm
USER wfm
VOLUME /data
EXPOSE 8080
ENV WFM_DATABASE=sqlite:/data WFM_LISTEN=0.0.0.0:8080
ENTRYPOINT ["wfm"]
CMD ["serve"]
