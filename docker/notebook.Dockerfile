# JupyterLab with sdcviz in it: jobs that are notebooks, or by hand
#   docker run --rm -p 127.0.0.1:8888:8888 sdcviz/notebook:0.1.0
# It prints an address with a token, without which nobody gets in.
ARG APP=sdcviz/app:0.1.0

FROM ${APP}
USER 0:0
COPY .ci/constraints.txt /tmp/constraints.txt
RUN pip install --no-cache-dir -c /tmp/constraints.txt jupyterlab==4.6.6 ipykernel \
    && install -d -o sdcviz -g sdcviz /work
USER 1000:1000
WORKDIR /work
ENV JUPYTER_DATA_DIR=/tmp/jupyter/data \
    JUPYTER_RUNTIME_DIR=/tmp/jupyter/runtime \
    JUPYTER_CONFIG_DIR=/tmp/jupyter/config \
    IPYTHONDIR=/tmp/ipython
VOLUME ["/work"]
EXPOSE 8888
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8888/api', timeout=4)"]
ENTRYPOINT ["jupyter", "lab", "--no-browser"]
CMD ["--ip=0.0.0.0", "--port=8888", "--ServerApp.root_dir=/work"]
