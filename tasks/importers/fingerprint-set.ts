import { hash } from 'node:crypto'

/** 52 bits of a text's SHA-256, as a number above zero: two of a million texts share one about once in 10,000 sets. */
export function fingerprint(text: string): number {
  // In one call: a Hash object for each of a million texts holds memory that the collector does not see.
  const digest = hash('sha256', text, 'buffer')
  return digest.readUIntBE(0, 6) * 16 + (digest[6]! & 15) || 1
}

/** A set of fingerprints at about 14 bytes each, so that millions of records can be told apart in little memory. */
export class FingerprintSet {
  private slots = new Float64Array(1 << 10)
  size = 0

  /** Adds a fingerprint; false where it was there already. */
  add(value: number): boolean {
    if (this.size * 10 >= this.slots.length * 7) this.grow()
    if (!place(this.slots, value)) return false
    this.size += 1
    return true
  }

  has(value: number): boolean {
    const mask = this.slots.length - 1
    let slot = value % this.slots.length
    while (this.slots[slot] !== 0 && this.slots[slot] !== value) slot = (slot + 1) & mask
    return this.slots[slot] === value
  }

  private grow(): void {
    const larger = new Float64Array(this.slots.length * 2)
    for (const value of this.slots) if (value !== 0) place(larger, value)
    this.slots = larger
  }
}

function place(slots: Float64Array, value: number): boolean {
  const mask = slots.length - 1
  for (let slot = value % slots.length; ; slot = (slot + 1) & mask) {
    if (slots[slot] === value) return false
    if (slots[slot] === 0) {
      slots[slot] = value
      return true
    }
  }
}
