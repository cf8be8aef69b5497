// Turns frames into pictures on the map. A layer is {frame, grid, colours, limit}: the codes of
// a map, where its grid lies, 256 colours, and the greatest code of the error that is shown.

const QUIET = {sync: false, check_eq: false}
const MISSING = 0, BELOW = 1, FIRST = 2, LAST = 254, ABOVE = 255
const OUT = {below: "#00c2d1", above: "#ff3fd0"} // in no colour map
const RADIUS = 6378137

function quietly(model, attributes) {
  model.setv(attributes, QUIET)
}

// Set the data of a source; what is empty stays as it is, for each change is drawn.
function put_data(source, data) {
  const length = (d) => (d instanceof Map ? [...d.values()] : Object.values(d))[0]?.length ?? 0
  if (length(data) || length(source.data)) quietly(source, {data})
}

// "#rrggbb" as a number whose bytes lie as those of a picture.
function packed_colour(text, alpha = 255) {
  const n = Number.parseInt(text.slice(1, 7), 16)
  return ((alpha << 24) | ((n & 255) << 16) | (n & 0xff00) | (n >> 16)) >>> 0
}

// As Bokeh takes the colours of glyphs.
function glyph_colour(text) {
  return ((Number.parseInt(text.slice(1, 7), 16) << 8) | 255) >>> 0
}

// Colours by code: nothing, below, the 253 of the range, above.
function colours_of(palette) {
  return ["#000000", OUT.below, ...palette, OUT.above]
}

function picture_colours(palette) {
  const colours = Uint32Array.from(colours_of(palette), (c) => packed_colour(c))
  colours[MISSING] = 0
  return colours
}

function code_of(value, [low, high]) {
  if (!Number.isFinite(value)) return MISSING
  if (value < low) return BELOW
  if (value > high) return ABOVE
  return FIRST + Math.round((value - low) / (high - low) * (LAST - FIRST))
}

function value_of(code, [low, high]) {
  return low + (code - FIRST) * (high - low) / (LAST - FIRST)
}

function to_lat(y) {
  return Math.atan(Math.sinh(y / RADIUS)) * 180 / Math.PI
}

function to_lon(x) {
  return x / RADIUS * 180 / Math.PI
}

function to_xy(lon, lat) {
  const inside = Math.max(-85.05, Math.min(85.05, lat)) * Math.PI / 180
  return [lon * Math.PI / 180 * RADIUS, Math.log(Math.tan(Math.PI / 4 + inside / 2)) * RADIUS]
}

class Grid {
  constructor(frame) {
    Object.assign(this, frame.header)
    this.lon = frame.lon
    this.lat = frame.lat
    this.rows = frame.rows ?? null
    this.columns = frame.columns ?? null
    this.lookup = frame.lookup ?? null
  }

  // The point of the grid at a place of the map; -1 outside.
  point(x, y) {
    const [x0, y0, x1, y1] = this.box
    const [height, width] = this.shape
    const turn = 2 * Math.PI * RADIUS
    if (x < x0) x += turn * Math.ceil((x0 - x) / turn)
    if (x >= x1) x -= turn * Math.floor((x - x0) / turn)
    const column = Math.floor((x - x0) / (x1 - x0) * width), row = Math.floor((y - y0) / (y1 - y0) * height)
    if (!(column >= 0 && column < width && row >= 0 && row < height)) return -1
    if (this.lookup) return this.lookup[row * width + column]
    return this.rows[row] * this.points[1] + this.columns[column]
  }
}

// The pictures of the map, the first one below.
class Layers {
  constructor(plot, sources) {
    this.plot = plot
    this.sources = sources
    this.shown = sources.map(() => null)
    this.pixels = sources.map(() => null)
    // The only way to Bokeh's own kind of array: an empty picture came with the page.
    this.Pixels = sources[0].data.image[0].constructor
  }

  // Show a layer, or nothing (null).
  set(which, layer) {
    this.shown[which] = layer
    this.paint(which)
  }

  paint(which) {
    const layer = this.shown[which], source = this.sources[which]
    if (!layer) {
      put_data(source, {image: [], x: [], y: [], dw: [], dh: []})
      return
    }
    const {grid} = layer
    const [height, width] = grid.shape
    let pixels = this.pixels[which]
    if (pixels?.length !== height * width || pixels.shape[1] !== width) {
      pixels = this.pixels[which] = new this.Pixels(new ArrayBuffer(4 * height * width), [height, width])
    }
    if (grid.lookup) this.by_point(layer, pixels)
    else this.by_row(layer, pixels)
    const [x0, y0, x1, y1] = grid.box
    quietly(source, {data: {image: [pixels], x: [x0], y: [y0], dw: [x1 - x0], dh: [y1 - y0]}})
  }

  by_row({frame, grid, colours, limit}, pixels) {
    const {codes, error} = frame
    const {rows, columns} = grid
    const [height, width] = grid.shape
    const across = grid.points[1]
    const straight = width === across
    const hide = limit !== null && limit !== undefined && error
    for (let row = 0, to = 0; row < height; row++, to += width) {
      if (row && rows[row] === rows[row - 1]) {
        pixels.copyWithin(to, to - width, to)
        continue
      }
      const from = rows[row] * across
      for (let i = 0; i < width; i++) {
        const at = from + (straight ? i : columns[i])
        pixels[to + i] = hide && (error[at] === 0 || error[at] > limit) ? 0 : colours[codes[at]]
      }
    }
  }

  by_point({frame, grid, colours, limit}, pixels) {
    const {codes, error} = frame
    const hide = limit !== null && limit !== undefined && error
    grid.lookup.forEach((at, i) => {
      pixels[i] = at < 0 || (hide && (error[at] === 0 || error[at] > limit)) ? 0 : colours[codes[at]]
    })
  }

  // What lies at a place: {value, out, error, shown}; null outside of the grid.
  at(which, x, y) {
    const layer = this.shown[which]
    const point = layer ? layer.grid.point(x, y) : -1
    if (point < 0) return null
    const {codes, error, header} = layer.frame
    const code = codes[point]
    const step = header.error_step
    return {
      point,
      missing: code === MISSING,
      out: code === BELOW ? "below" : code === ABOVE ? "above" : "",
      value: code === MISSING ? NaN : value_of(code, header.limits),
      error: error && error[point] ? Math.min((error[point] - 1) * step, 1) : null,
      hidden: Boolean(layer.limit !== null && layer.limit !== undefined && error && (error[point] === 0 || error[point] > layer.limit)),
    }
  }

  clip(which, between) {
    clip_glyph(this.plot, this.sources[which], between)
  }
}

// Draw what has a source only between two places of the frame (0 left, 1 right); null: all of it.
function clip_glyph(plot, source, between) {
  const view = globalThis.Bokeh?.index?.find_one(plot)
  const renderer = plot.renderers.find((r) => r.data_source === source)
  const drawn = view?.renderer_views?.get(renderer), glyph = drawn?.glyph
  if (!glyph) return
  const before = glyph.sdcviz_clip ?? null
  if (String(before) === String(between)) return
  glyph.sdcviz_clip = between
  if (before === null && !glyph.sdcviz_clips) {
    const {_paint} = glyph
    glyph.sdcviz_clips = true
    glyph._paint = function (ctx, indices, data) {
      const ends = glyph.sdcviz_clip
      if (!ends) return _paint.call(this, ctx, indices, data)
      const {left, top, width, height} = view.frame.bbox
      ctx.save()
      ctx.beginPath()
      ctx.rect(left + ends[0] * width, top, (ends[1] - ends[0]) * width, height)
      ctx.clip()
      _paint.call(this, ctx, indices, data)
      ctx.restore()
    }
  }
  drawn.request_paint()
}
