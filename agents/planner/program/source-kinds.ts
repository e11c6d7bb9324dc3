import type { Source } from '../../../schemas/program.ts'
import type { VariantOf } from '../../../schemas/variants.ts'

/** The sources that each generator can follow. */
export const sourceKindsOf: Readonly<Record<VariantOf<'generator'>, readonly Source['kind'][]>> = {
  procedural: ['procedure'],
  llm: ['prompt'],
}
