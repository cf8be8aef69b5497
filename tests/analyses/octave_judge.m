% Solve an exported problem by the authors' Octave toolbox: octave_judge(FOLDER) gives OUT.mat files.
% The toolbox knows neither stretched borders nor scaled lengths nor the number of dimensions with a
% length: these three are done here, from the formulas of the papers.
function octave_judge(folder)
  pkg load divand netcdf
  warning("off", "all");
  problem = jsondecode(fileread(fullfile(folder, "problem.json")));
  grid = fullfile(folder, problem.grid);
  n = numel(problem.shape);
  mask = ncread(grid, "mask") == 1;
  for k = 1:n
    axis = ncread(grid, sprintf("xi%d", k));
    along = ones(1, n); along(k) = numel(axis);
    xi{k} = reshape(axis, along) .* ones(size(mask));
    pmn{k} = ncread(grid, sprintf("pmn%d", k));
    len{k} = ncread(grid, sprintf("len%d", k));
  end
  moddim = reshape(problem.moddim, 1, n);
  for s = 1:numel(problem.slices)
    slice = problem.slices(s);
    input = fullfile(folder, slice.input);
    for k = 1:n  x{k} = ncread(input, sprintf("x%d", k)); end
    f = ncread(input, "f"); epsilon2 = ncread(input, "epsilon2");
    [field, state] = solve(mask, pmn, xi, x, f, len, epsilon2, moddim);
    error = [];
    if strcmp(problem.error, "exact")
      error = statevector_unpack(state.sv, diag_of(state.P, sum(mask(:))), NaN);
    elseif strcmp(problem.error, "cpme")
      for k = 1:n  shorter{k} = len{k} / 1.70766; end
      error = max(1 - solve(mask, pmn, xi, x, ones(size(f)), shorter, epsilon2, moddim), 0);
    end
    save("-v7", fullfile(folder, sprintf("judged_%04d.mat", slice.number)), "field", "error");
  end
end

function [field, state] = solve(mask, pmn, xi, x, f, len, epsilon2, moddim)
  n = numel(pmn);
  neff = sum(cellfun(@(L) any(L(:)), len));
  m = ceil(1 + neff / 2);
  alpha = arrayfun(@(j) nchoosek(m, j), 0:m);
  for k = 1:n
    if moddim(k) == 0
      [pmn{k}, xi{k}] = widen(pmn{k}, xi{k}, len{k}, k);
    end
  end
  scale = length_scale(m - neff / 2);
  for k = 1:n  len{k} = len{k} / scale; end
  index = places(xi, x, moddim);
  [field, state] = divand(mask, pmn, xi, x, f, len, epsilon2, "alpha", alpha, ...
    "moddim", moddim, "fracindex", index, "diagnostics", 1);
end

% Where observations are, in grid steps from 1; the toolbox leaves out those behind the last point
% of a cyclic dimension.
function index = places(xi, x, moddim)
  for k = 1:numel(xi)
    along = repmat({1}, 1, ndims(xi{k})); along{k} = ":";
    axis = xi{k}(along{:})(:);
    if moddim(k) > 0  axis = [axis; axis(1) + moddim(k)]; end
    index(k, :) = interp1(axis, 1:numel(axis), x{k}, "linear", -1);
  end
end

% The outermost cells become two lengths wide, with their centres moved outwards.
function [pm, xi] = widen(pm, xi, len, k)
  size_k = size(pm, k);
  given = pm; place = xi;
  for side = [1, size_k; 2, size_k - 1]
    at = repmat({':'}, 1, ndims(pm)); inner = at;
    at{k} = side(1); inner{k} = side(2);
    step = 1 ./ given(at{:}); next = 1 ./ given(inner{:});
    wide = 2 * len(at{:}) - next;
    % Distance of two centres: half of both widths; that of the given ones is (step + next) / 2.
    grown = max((wide - step) ./ (step + next), 0);
    xi(at{:}) = place(at{:}) + (place(at{:}) - place(inner{:})) .* grown;
    pm(at{:}) = 1 ./ max(wide, next);
  end
end

% Where the kernel of order nu falls to what that of nu = 1 is at 1.
function r = length_scale(nu)
  wanted = besselk(1, 1);
  kernel = @(r) 2 / gamma(nu) * (r / 2) ^ nu * besselk(nu, r);
  r = fzero(@(r) kernel(r) - wanted, [1e-6, 100], optimset("TolX", 1e-14));
end

function d = diag_of(P, n)
  d = zeros(n, 1);
  for j = 1:n  e = zeros(n, 1); e(j) = 1; v = P * e; d(j) = v(j); end
end
