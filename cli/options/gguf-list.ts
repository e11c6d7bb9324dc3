import { InvalidArgumentError } from 'commander'
import { type GgufType, ggufTypes } from '../../models/export/gguf.ts'
import { nameList } from './option-parsers.ts'

/** Types of GGUF files with commas between them. */
export const ggufList = (text: string): GgufType[] => {
  const types = [...new Set(nameList(text))]
  const unknown = types.find((type) => !(type in ggufTypes))
  if (unknown === undefined) return types as GgufType[]
  throw new InvalidArgumentError(
    `${unknown || 'an empty name'} is no type that can be written; known are ${Object.keys(ggufTypes).join(', ')}. For a k-quant write f16 and run llama-quantize on it (docs/models.md).`,
  )
}
