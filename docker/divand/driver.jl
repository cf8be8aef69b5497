# Solve the problem that `sdcviz divand RECIPE --export-julia FOLDER` wrote, by DIVAnd.jl:
#
#     julia --project=docker/divand docker/divand/driver.jl FOLDER
#
# sdcviz/analyses/exchange.py tells what is in the folder. Slices that have their answer are not
# computed again. Events go, one JSON document a line, to the file that SDCVIZ_EVENTS names.

import DIVAnd
using Dates: UTC, now
import JSON
using LinearAlgebra: diag
import Logging
using NCDatasets: NCDataset, defVar, variable
using SHA: sha256

const FORMAT = "sdcviz divand problem"
const VERSION_KNOWN = 1
const ENGINE = string("DIVAnd.jl ", pkgversion(DIVAnd), " (Julia ", VERSION, ")")

# ---- events and warnings -----------------------------------------------------
function tell(event::AbstractString; told...)
    path = get(ENV, "SDCVIZ_EVENTS", "")
    isempty(path) && return nothing
    line = Dict{String, Any}(string(key) => value for (key, value) in told)
    line["event"] = event
    line["time"] = string(now(UTC), "Z")
    open(path, "a") do io
        # In one write, since others may append to the same file.
        write(io, string(JSON.json(line), "\n"))
    end
    return nothing
end

"""Keeps what DIVAnd warns of, each once."""
struct Heard <: Logging.AbstractLogger
    texts::Vector{String}
end

Logging.min_enabled_level(::Heard) = Logging.Warn
Logging.shouldlog(::Heard, arguments...) = true
Logging.catch_exceptions(::Heard) = true
function Logging.handle_message(heard::Heard, level, message, arguments...; others...)
    text = replace(string(message), '\n' => ' ')
    text in heard.texts || push!(heard.texts, text)
    return nothing
end

# ---- files -------------------------------------------------------------------
digest(path::AbstractString) = bytes2hex(open(sha256, path))

"""Give all of a variable as it is stored; the first dimension is longitude here."""
function whole(file, name::AbstractString)
    stored = variable(file, name)
    return stored[ntuple(_ -> Colon(), ndims(stored))...]
end

"""An axis as an array of the grid's shape that changes along dimension `k` only."""
function spread(axis::AbstractVector, shape::NTuple{N, Int}, k::Integer) where {N}
    along = ntuple(d -> d == k ? length(axis) : 1, Val(N))
    return reshape(collect(Float64, axis), along) .* ones(shape)
end

function read_grid(path::AbstractString, ::Val{N}) where {N}
    return NCDataset(path) do file
        mask = Array{Bool, N}(whole(file, "mask") .== 1)
        shape = size(mask)
        xi = ntuple(k -> spread(whole(file, "xi$k"), shape, k), Val(N))
        pmn = ntuple(k -> Array{Float64, N}(whole(file, "pmn$k")), Val(N))
        len = ntuple(k -> Array{Float64, N}(whole(file, "len$k")), Val(N))
        (mask = mask, xi = xi, pmn = pmn, len = len)
    end
end

function read_slice(path::AbstractString, ::Val{N}) where {N}
    return NCDataset(path) do file
        column(name) = Vector{Float64}(whole(file, name))
        (
            x = ntuple(k -> column("x$k"), Val(N)),
            f = column("f"),
            epsilon2 = column("epsilon2"),
        )
    end
end

"""Write an answer, which appears complete or not at all."""
function write_answer(path::AbstractString, found, attributes)
    part = string(path, ".part")
    rm(part; force = true)
    names = ntuple(k -> "n$k", ndims(found.field))
    NCDataset(part, "c"; attrib = attributes) do file
        defVar(file, "field", found.field, names; deflatelevel = 1)
        found.error === nothing ||
            defVar(file, "error", found.error, names; deflatelevel = 1)
        defVar(file, "residual", found.residual, ("observation",))
        defVar(file, "used", Int8.(found.used), ("observation",))
    end
    mv(part, path; force = true)
    return nothing
end

"""Whether a slice has an answer to this very problem."""
function is_answered(path::AbstractString, meant)
    isfile(path) || return false
    try
        return NCDataset(path) do file
            all(get(file.attrib, name, "") == value for (name, value) in meant)
        end
    catch
        return false # broken off or damaged: it is written anew
    end
end

# ---- the analysis ------------------------------------------------------------
function analyse(grid, observed, problem)
    moddim = Float64.(problem["moddim"])
    alphabc, scale_len = Float64(problem["alphabc"]), Bool(problem["scale_len"])
    # DIVAnd changes lengths in place here and there, hence a copy for each call.
    solve(f, method; others...) = method(
        grid.mask,
        grid.pmn,
        grid.xi,
        observed.x,
        f,
        deepcopy(grid.len),
        observed.epsilon2;
        moddim = moddim,
        alphabc = alphabc,
        scale_len = scale_len,
        others...,
    )
    field, state = solve(observed.f, DIVAnd.DIVAndrun; inversion = :chol)
    used = .!state.obsout
    residual = DIVAnd.DIVAnd_residualobs(state, field)
    residual[.!used] .= NaN
    error = nothing
    if problem["error"] == "exact"
        error = DIVAnd.statevector_unpack(state.sv, diag(state.P))[1]
    elseif problem["error"] == "cpme"
        error = solve(observed.f, DIVAnd.DIVAnd_cpme)
    end
    field[.!grid.mask] .= NaN
    error === nothing || (error[.!grid.mask] .= NaN)
    return (field = field, error = error, residual = residual, used = used)
end

function solve_slice(folder, problem, grid, slice, meant)
    input = joinpath(folder, slice["input"])
    digest(input) == slice["sha256"] || error("$input is not the file that was exported.")
    observed = read_slice(input, Val(ndims(grid.mask)))
    heard = Heard(String[])
    begun = time()
    found = Logging.with_logger(() -> analyse(grid, observed, problem), heard)
    seconds = time() - begun
    attributes = Dict(
        meant...,
        "engine" => ENGINE,
        "seconds" => seconds,
        "warnings" => join(heard.texts, "\n"),
    )
    write_answer(joinpath(folder, slice["output"]), found, attributes)
    foreach(text -> tell("warning"; text = string(slice["label"], ": ", text)), heard.texts)
    tell(
        "slice";
        number = slice["number"],
        label = slice["label"],
        seconds = seconds,
        observations = length(observed.f),
        used = count(found.used),
        solver = ENGINE,
    )
    return nothing
end

function main(folder::AbstractString)
    problem = JSON.parsefile(joinpath(folder, "problem.json"))
    get(problem, "format", "") == FORMAT || error("$folder holds no problem of sdcviz.")
    problem["version"] == VERSION_KNOWN ||
        error(
            "$folder: version $(problem["version"]) of problems; this driver knows $VERSION_KNOWN.",
        )
    slices, total = problem["slices"], length(problem["slices"])
    path = joinpath(folder, problem["grid"])
    digest(path) == problem["grid_sha256"] ||
        error("$path is not the file that was exported.")
    grid = read_grid(path, Val(length(problem["shape"])))
    size(grid.mask) == Tuple(problem["shape"]) ||
        error("$path has the shape $(size(grid.mask)) and not $(problem["shape"]).")
    for (done, slice) in enumerate(slices)
        meant = [
            "key" => problem["key"],
            "input_sha256" => slice["sha256"],
            "grid_sha256" => problem["grid_sha256"],
        ]
        tell("progress"; done = done - 1, total = total, text = slice["label"])
        is_answered(joinpath(folder, slice["output"]), meant) && continue
        solve_slice(folder, problem, grid, slice, meant)
    end
    tell("progress"; done = total, total = total, text = "All time slices are analysed")
    tell("result"; folder = folder, slices = total, engine = ENGINE)
    return nothing
end

if abspath(PROGRAM_FILE) == @__FILE__
    length(ARGS) == 1 || error("Name the folder of the problem: driver.jl FOLDER")
    main(ARGS[1])
end
