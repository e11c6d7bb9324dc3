import { z } from 'zod'

/** Milliseconds, at least `least`: the default and, as text, what it bounds. */
export const ms = (usual: number, meaning: string, least = 1) =>
  z.number().int().min(least).default(usual).describe(meaning)

/** A number of things, at least one, or `least`, and at most `most`. */
export const count = (usual: number, meaning: string, most = Number.MAX_SAFE_INTEGER, least = 1) =>
  z.number().int().min(least).max(most).default(usual).describe(meaning)

/** Bytes, above 0. */
export const bytes = (usual: number, meaning: string) => z.number().int().positive().default(usual).describe(meaning)
