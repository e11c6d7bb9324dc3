import type { Lexicon } from '../lexicon.ts'
import type { SkillName } from '../skills/mod.ts'

/**
 * Sentence frames by skill. A slot is `{name}`; labelled amounts take a list style, `{name:style}`. Banks share no frame.
 */
export interface PhrasingBank {
  name: 'train' | 'validation' | 'test'
  lexicon: Lexicon
  frames: Readonly<Record<SkillName, readonly string[]>>
}
