/** Texts of which some do not apply: those are null, false or the like. */
export type Parts = readonly (string | null | undefined | false)[]

/** The texts that apply. */
export const present = (parts: Parts): string[] => parts.flatMap((part) => part || [])
