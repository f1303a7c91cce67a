# syntax=docker/dockerfile:1

# The toolchain is the version the project is developed with; Cargo.toml names the oldest that works.
# For builds that must be repeatable, pass the image by digest: --build-arg RUST_IMAGE=rust@sha256:…
ARG RUST_IMAGE=rust:1.95-alpine

FROM ${RUST_IMAGE} AS builder
# Alpine because its native target is musl, which links the whole C library into the binary: no cross
# compiler, and nothing left that the empty image below would have to bring. A static glibc would
# still load shared libraries at run time to resolve host names.
WORKDIR /src
COPY . .
ARG TARGETPLATFORM
# The registry and the compiled dependencies stay on the build host between builds, so that a change
# of the sources compiles only the sources. They are mounts, not layers: what is needed of them is
# copied out in the same step.
# `touch`: with a kept target folder, sources whose time stamps went back (a restored checkout, say)
# would look compiled already.
# `readelf`: a binary that still needs a shared library would start nowhere; better to fail here.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,id=jobrisk-target-${TARGETPLATFORM},sharing=locked \
    set -eu; \
    touch src/main.rs src/lib.rs; \
    cargo build --release --locked --bin jobrisk; \
    readelf --dynamic target/release/jobrisk >/tmp/dynamic; \
    if grep NEEDED /tmp/dynamic; then exit 1; fi; \
    install -D -m 0555 target/release/jobrisk /out/jobrisk; \
    install -m 0444 LICENSE /out/LICENSE

# Nothing but the binary: no shell, no package manager, no C library, nobody to become.
# No CA certificates either: inside a cluster the API server's CA comes with the service account.
FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="jobrisk" \
      org.opencontainers.image.description="Scores every Kubernetes Job and CronJob for abuse and reports it as a custom resource" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=builder /out/ /
# By number: there is no /etc/passwd to look a name up in, and Kubernetes' runAsNonRoot needs one.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/jobrisk"]
