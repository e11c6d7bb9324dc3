import type { Axis } from './axis.ts'

const leastUnits = 4

export type View = ReturnType<typeof createView>

/** The part of the axis that is on screen. It follows the end until somebody looks elsewhere. */
export function createView(axis: Axis) {
  let width = 1
  let from = 0
  let to = 1
  let follow = true
  let whole = true
  const pad = () => (to - from) * 0.012

  return {
    get from(): number {
      return from - pad()
    },
    get to(): number {
      return to + pad()
    },
    get whole(): boolean {
      return whole
    },
    x(place: number): number {
      return ((place - this.from) / (this.to - this.from)) * width
    },
    place(x: number): number {
      return this.from + (x / width) * (this.to - this.from)
    },
    resize(pixels: number): void {
      width = Math.max(1, pixels)
    },
    /** Keeps up with the end of the axis, `end` being now. */
    keepUp(end: number): void {
      if (!follow) return
      const length = to - from
      to = Math.max(end, leastUnits)
      from = whole ? 0 : to - length
    },
    fit(): void {
      follow = true
      whole = true
      this.keepUp(axis.end())
    },
    zoom(factor: number, x = width): void {
      const fixed = this.place(x)
      const length = Math.max(leastUnits, Math.min((to - from) * factor, axis.end() * 1.1 + leastUnits))
      const share = (fixed - from) / (to - from)
      from = Math.max(0, fixed - share * length)
      to = from + length
      whole = false
      follow = to >= axis.end()
    },
    pan(pixels: number): void {
      const length = to - from
      from = Math.max(0, Math.min(from + (pixels / width) * length, Math.max(0, axis.end() - length * 0.5)))
      to = from + length
      whole = false
      follow = to >= axis.end()
    },
    /** Brings a place into sight. */
    reveal(place: number): void {
      if (place >= this.from && place <= this.to) return
      const length = to - from
      from = Math.max(0, place - length / 2)
      to = from + length
      whole = false
      follow = to >= axis.end()
    },
  }
}
