// The land of the small map, cut to what is in view: a whole sea's coast would take
// longer to draw than all else together.

const MARGIN = 1 // widths of the view on each side that are drawn too

class Land {
  // x, y: rings with NaN after each
  constructor(all_x, all_y) {
    const [x, y] = [plain(all_x), plain(all_y)]
    this.rings = []
    for (let begin = 0, i = 0; i < x.length; i++) {
      if (!Number.isNaN(x[i])) continue
      const ring = {x: x.subarray(begin, i), y: y.subarray(begin, i)}
      ring.box = [...(extent([ring.x]) ?? [0, 0]), ...(extent([ring.y]) ?? [0, 0])]
      this.rings.push(ring)
      begin = i + 1
    }
  }

  // box: [x0, x1, y0, y1] in view; pixel: its size in metres.
  cut([x0, x1, y0, y1], pixel) {
    const [wide, high] = [(x1 - x0) * MARGIN, (y1 - y0) * MARGIN]
    const window = [x0 - wide, x1 + wide, y0 - high, y1 + high]
    this.drawn = window
    const xs = [], ys = []
    for (const ring of this.rings) {
      const [a, b, c, d] = ring.box
      if (a > window[1] || b < window[0] || c > window[3] || d < window[2]) continue
      const points = clipped(thinned(ring, pixel), window)
      for (const [x, y] of points) {
        xs.push(x)
        ys.push(y)
      }
      if (points.length) {
        xs.push(NaN)
        ys.push(NaN)
      }
    }
    return {x: Float64Array.from(xs), y: Float64Array.from(ys)}
  }

  covers([x0, x1, y0, y1]) {
    const drawn = this.drawn
    return drawn && x0 >= drawn[0] && x1 <= drawn[1] && y0 >= drawn[2] && y1 <= drawn[3]
  }
}

// Leaves out what lies within half a pixel of the point before.
function thinned({x, y}, pixel) {
  const points = []
  let [px, py] = [Infinity, Infinity]
  for (let i = 0; i < x.length; i++) {
    if (Math.abs(x[i] - px) + Math.abs(y[i] - py) < pixel / 2) continue
    px = x[i]
    py = y[i]
    points.push([px, py])
  }
  return points
}

// Sutherland and Hodgman (1974): cuts a ring at one side of the window after the other.
function clipped(points, window) {
  for (let side = 0; side < 4 && points.length; side++) {
    const axis = side >> 1, limit = window[side], sign = side % 2 ? -1 : 1
    const inside = (point) => sign * (point[axis] - limit) >= 0
    const kept = []
    let last = points[points.length - 1]
    for (const point of points) {
      if (inside(point) !== inside(last)) {
        const part = (limit - last[axis]) / (point[axis] - last[axis])
        const other = last[1 - axis] + part * (point[1 - axis] - last[1 - axis])
        kept.push(axis ? [other, limit] : [limit, other])
      }
      if (inside(point)) kept.push(point)
      last = point
    }
    points = kept
  }
  return points
}
