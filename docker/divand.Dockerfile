# Jobs with the engine "julia": the app's image, with Julia, DIVAnd.jl and the driver between both.
#   docker build -f docker/app.Dockerfile -t sdcviz/app:0.1.0 .
#   docker build -f docker/divand.Dockerfile -t sdcviz/divand:0.1.0 .
#
# THIS IMAGE HAS NOT BEEN BUILT YET: Julia's registry could not be reached where it was written.
# What the driver gets was solved by the authors' Octave toolbox instead, and agreed. The last step
# of this file is therefore an analysis by both engines, which fails the build if they differ.
ARG JULIA=julia:1.11.6-bookworm
ARG APP=sdcviz/app:0.1.0

FROM ${JULIA} AS julia
# Compiled for any processor of this kind; the empty last entry stands for Julia's own folders.
ENV JULIA_DEPOT_PATH=/opt/divand/depot: \
    JULIA_CPU_TARGET="generic;sandybridge,-xsaveopt,clone_all;haswell,-rdrnd,base(1)"
WORKDIR /opt/divand
COPY docker/divand/Project.toml docker/divand/driver.jl ./
RUN julia --project=/opt/divand -e 'using Pkg; Pkg.instantiate(); Pkg.precompile(); Pkg.status()' \
    && rm -rf depot/registries \
    && chmod -R a+rX /opt/divand

FROM ${APP}
COPY --from=julia /usr/local/julia /usr/local/julia
COPY --from=julia /opt/divand /opt/divand
COPY docker/divand/check.py /opt/divand/check.py
# Jobs have a read-only image and a /tmp of their own; the first folder is the one that is written.
ENV PATH=/usr/local/julia/bin:$PATH \
    JULIA_DEPOT_PATH=/tmp/julia:/opt/divand/depot: \
    SDCVIZ_JULIA="julia --startup-file=no --project=/opt/divand /opt/divand/driver.jl {folder}"
USER 1000:1000
RUN python /opt/divand/check.py
# One command at a time, which ends: nothing to ask for its health.
HEALTHCHECK NONE
ENTRYPOINT ["sdcviz"]
CMD ["divand", "--help"]
