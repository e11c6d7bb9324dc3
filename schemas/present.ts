/** Texts of which some do not apply: those are null, false or the like. */
export type Parts = readonly (string | null | undefined | false | Parts)[]

/** The texts that apply, in one list. */
export const present = (parts: Parts): string[] =>
  parts.flatMap((part) => (typeof part === 'object' && part !== null ? present(part) : part || []))
