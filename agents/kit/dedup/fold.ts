/** A text in lower case without compatibility forms and diacritics, and where each of its characters came from. */
export type FoldedText = {
  text: string
  /** offsets[i] is the index in the original of the character behind text[i]; null when the two are aligned. */
  offsets: Int32Array | null
}

const spelling: Record<string, string> = {
  '‘': "'",
  '’': "'",
  ʼ: "'",
  '−': '-',
  '‐': '-',
  '‑': '-',
  '–': '-',
  '—': '-',
  '×': '*',
  '·': '*',
  '⋅': '*',
  '∙': '*',
  '÷': '/',
  '⁄': '/',
  '∕': '/',
  α: ' alpha ',
  β: ' beta ',
  γ: ' gamma ',
  δ: ' delta ',
  ε: ' epsilon ',
  θ: ' theta ',
  λ: ' lambda ',
  π: ' pi ',
  ρ: ' rho ',
  σ: ' sigma ',
  φ: ' phi ',
  ω: ' omega ',
}

/**
 * Compatibility decomposition (NFKD), full case folding and removal of Latin diacritics, one code point at a time: two
 * texts that are equal under NFKC and case folding are equal here too, and the cost is linear on any input (normalising
 * a whole text is not: a run of combining marks is sorted). Superscript digits stay apart from the number before them.
 */
export function foldWithOffsets(original: string): FoldedText {
  if (isAscii(original)) return { text: original.toLowerCase(), offsets: null }
  const parts: string[] = []
  const offsets: number[] = []
  for (let i = 0; i < original.length; ) {
    const code = original.codePointAt(i)!
    const width = code > 0xffff ? 2 : 1
    const folded = code < 0x80 ? original[i]!.toLowerCase() : foldCharacter(String.fromCodePoint(code))
    parts.push(folded)
    for (let k = 0; k < folded.length; k++) offsets.push(i)
    i += width
  }
  return { text: parts.join(''), offsets: Int32Array.from(offsets) }
}

function foldCharacter(character: string): string {
  // These may separate thousands, which a plain space does not.
  if (character === '\u00a0' || character === '\u2009' || character === '\u202f') return '\u00a0'
  const decomposed = character.normalize('NFKD')
  const folded = decomposed
    .toUpperCase()
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
  const text = Array.from(folded, (part) => spelling[part] ?? part).join('')
  // "10²" is not 102, and "2½" is not 21/2.
  return decomposed !== character && /^[0-9]/.test(text) && !/\p{Nd}/u.test(character) ? `^${text}` : text
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
