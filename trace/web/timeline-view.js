const leastUnits = 4

/** The part of the axis that is on screen. It follows the end until somebody looks elsewhere. */
export function createView(axis) {
  let width = 1
  let from = 0
  let to = 1
  let follow = true
  let whole = true
  const pad = () => (to - from) * 0.012

  return {
    get from() {
      return from - pad()
    },
    get to() {
      return to + pad()
    },
    get whole() {
      return whole
    },
    x(place) {
      return ((place - this.from) / (this.to - this.from)) * width
    },
    place(x) {
      return this.from + (x / width) * (this.to - this.from)
    },
    resize(pixels) {
      width = Math.max(1, pixels)
    },
    /** Keeps up with the end of the axis, `end` being now. */
    keepUp(end) {
      if (!follow) return
      const length = to - from
      to = Math.max(end, leastUnits)
      from = whole ? 0 : to - length
    },
    fit() {
      follow = true
      whole = true
      this.keepUp(axis.end())
    },
    zoom(factor, x = width) {
      const fixed = this.place(x)
      const length = Math.max(leastUnits, Math.min((to - from) * factor, axis.end() * 1.1 + leastUnits))
      const share = (fixed - from) / (to - from)
      from = Math.max(0, fixed - share * length)
      to = from + length
      whole = false
      follow = to >= axis.end()
    },
    pan(pixels) {
      const length = to - from
      from = Math.max(0, Math.min(from + (pixels / width) * length, Math.max(0, axis.end() - length * 0.5)))
      to = from + length
      whole = false
      follow = to >= axis.end()
    },
    /** Brings a place into sight. */
    reveal(place) {
      if (place >= this.from && place <= this.to) return
      const length = to - from
      from = Math.max(0, place - length / 2)
      to = from + length
      whole = false
      follow = to >= axis.end()
    },
  }
}
