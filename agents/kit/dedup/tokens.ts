/** A normalised text as parallel arrays, reused from text to text so that reading one allocates nothing. */
export type Tokens = {
  count: number
  /** A 32-bit hash of each token's canonical spelling. */
  hash: Int32Array
  /** A `Kind` each. */
  kind: Uint8Array
  /** Where the token stands in the original text: [start, end). */
  start: Int32Array
  end: Int32Array
  /** The set of units that occur, one bit each, in two words. */
  units: [number, number]
}

export function createTokens(): Tokens {
  const capacity = 256
  return {
    count: 0,
    hash: new Int32Array(capacity),
    kind: new Uint8Array(capacity),
    start: new Int32Array(capacity),
    end: new Int32Array(capacity),
    units: [0, 0],
  }
}

/** Makes room for another text. */
export function clearTokens(tokens: Tokens): void {
  tokens.count = 0
  tokens.units[0] = 0
  tokens.units[1] = 0
}

/** Adds a token: its canonical spelling, its kind, and its place in the text, [start, end). */
export function pushToken(tokens: Tokens, text: string, kind: number, start: number, end: number): void {
  if (tokens.count === tokens.hash.length) grow(tokens)
  tokens.count++
  setToken(tokens, text, kind, start, end)
}

/** Rewrites the last token. */
export function setToken(tokens: Tokens, text: string, kind: number, start: number, end: number): void {
  const i = tokens.count - 1
  tokens.hash[i] = hashToken(text, kind)
  tokens.kind[i] = kind
  tokens.start[i] = start
  tokens.end[i] = end
}

/** FNV-1a over the UTF-16 units, with MurmurHash3's finaliser; the value 5 and the word "5" differ. */
export function hashToken(text: string, kind: number): number {
  let hash = kind === 2 ? 0x2c1b3c6d : 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash)
}

/** MurmurHash3's 32-bit finaliser. */
export function mix(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function grow(tokens: Tokens): void {
  const capacity = tokens.hash.length * 2
  const copy = <T extends Int32Array | Uint8Array>(from: T, to: T): T => {
    to.set(from)
    return to
  }
  tokens.hash = copy(tokens.hash, new Int32Array(capacity))
  tokens.kind = copy(tokens.kind, new Uint8Array(capacity))
  tokens.start = copy(tokens.start, new Int32Array(capacity))
  tokens.end = copy(tokens.end, new Int32Array(capacity))
}
