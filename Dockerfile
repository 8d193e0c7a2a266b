# lenet with a software adapter:
#   docker build --tag lenet .
#   docker run --rm --volume "$PWD/runs:/lenet/runs" lenet train
FROM rust:1-bookworm AS build
WORKDIR /lenet
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends mesa-vulkan-drivers \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /lenet/target/release/lenet /usr/local/bin/
WORKDIR /lenet
COPY assets/lenet5.safetensors assets/
ENTRYPOINT ["lenet"]
CMD ["--help"]
