# Hiregraph and nothing else: no shell, no package manager, no root. Build and run it:
#
#     docker build -t hiregraph .
#     docker run -p 127.0.0.1:8080:8080 -v hiregraph:/data hiregraph

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# Optimized across crates, which takes a while; the names of functions stay in the program.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked --bin hiregraph \
    && cp target/dist/hiregraph /hiregraph \
    && mkdir /empty

# glibc of the same Debian as above, certificates, and a user 65532 who is nobody.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /hiregraph /usr/local/bin/hiregraph
COPY --from=build --chown=65532:65532 /empty /data
# SQLite unless another database is named. Its key is made beside it.
ENV HIREGRAPH_LISTEN=0.0.0.0:8080 \
    HIREGRAPH_DATABASE_URL=sqlite:///data/hiregraph.db
WORKDIR /data
VOLUME /data
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["/usr/local/bin/hiregraph", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/hiregraph"]
CMD ["serve"]
