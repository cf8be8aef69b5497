// What stands behind and beside the samples of a station: the climatology, what the neighbours
// have, the product that is open. The part of the plots that knows `models`, `view` and `pairs`
// of them; `frame` is theirs.

const EMPTY = new Float32Array(0)
// Sets models without an echo.
const QUIET = {sync: false, check_eq: false}

function quietly(model, attributes) {
  model.setv(attributes, QUIET)
}

// Bokeh's own arrays can't be cut: they forget where the part begins.
function plain(array) {
  return new Float32Array(array.buffer, array.byteOffset, array.length)
}

function extent(arrays) {
  let low = Infinity, high = -Infinity
  for (const array of arrays) {
    for (const value of array) {
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  return low <= high ? [low, high] : null
}

// How many levels, from above, lie where there are samples.
function within(levels, depths) {
  const limit = extent([depths])
  return limit ? levels.findLastIndex((depth) => depth <= limit[1]) + 1 : levels.length
}

class Backing {
  source(name, data) {
    const model = this.models[name]
    quietly(model.data_source ?? model, {data})
  }

  // Returns the means of the climatology where the station has samples. How far off a sample
  // may be does not widen the plot: one beyond it does.
  climate(plot, depths) {
    const {view} = this
    const climate = view.kind === "depth" ? view.climates?.[this.pairs[plot][0]] : null
    const {y, middle, by, low, high} = climate ?? {y: EMPTY, middle: EMPTY, by: EMPTY, low: EMPTY, high: EMPTY}
    this.source(`climate-${plot}`, {y, middle})
    this.source(`allowed-${plot}`, {y: by, low, high})
    return plain(middle).subarray(0, within(y, depths))
  }

  // Returns what the product that is open says where the station has samples.
  product(plot, depths) {
    const {y, middle, by, low, high} = this.product_of(plot) ?? {}
    this.source(`product-${plot}`, {y: y ?? EMPTY, middle: middle ?? EMPTY})
    this.source(`error-${plot}`, {y: by ?? EMPTY, low: low ?? EMPTY, high: high ?? EMPTY})
    return middle ? plain(middle).subarray(0, within(y, depths)) : EMPTY
  }

  product_of(plot) {
    const {view} = this
    const found = view.kind === "depth" ? view.products?.[this.pairs[plot][0]] : null
    return found?.y ? found : null
  }

  // Draws what has come later than the station: climatology, product.
  back(labels) {
    for (const plot of ["a", "b"]) this.frame(plot, labels)
  }

  // The part of the band that lies where the station has samples.
  band(plot, depths) {
    const band = this.view.kind === "depth" ? this.view.near.bands[plot] : null
    const none = {y: EMPTY, low: EMPTY, middle: EMPTY, high: EMPTY}
    if (!band) {
      this.source(`band-${plot}`, none)
      return none
    }
    const {y, low, middle, high} = band
    this.source(`band-${plot}`, {y, low, middle, high})
    const last = within(y, depths)
    return {low: plain(low).subarray(0, last), high: plain(high).subarray(0, last)}
  }

  density() {
    const {density} = this.view
    this.source("density", {x: density?.x ?? EMPTY, y: density?.y ?? EMPTY})
    this.source("density-text", {
      x: density?.tx ?? [], y: density?.ty ?? [], text: density?.text ?? [],
    })
  }
}
