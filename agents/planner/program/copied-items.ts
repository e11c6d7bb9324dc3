import type { Program, PromptSource } from '../../../schemas/program.ts'
import { usualFilters } from '../../../schemas/program.ts'
import type { Item } from '../../../schemas/task.ts'
import { indexItems } from '../../kit/dedup/contamination.ts'

/** Every text of a source that its teacher, or a hook, is given as it stands; its seeds apart, which are named by id. */
export function textsOf({ template, parameters, hooks }: PromptSource): { at: string; text: string }[] {
  const values = Object.entries(parameters).flatMap(([name, values]) =>
    Array.isArray(values) ? values.map((value) => ({ at: `parameters.${name}`, text: String(value) })) : [],
  )
  const functions = (['parse', 'accept', 'expand'] as const).flatMap((name) =>
    hooks?.[name] === undefined ? [] : [{ at: `hooks.${name}`, text: hooks[name] }],
  )
  return [{ at: 'template', text: template }, ...values, ...functions]
}

/** A question with fewer words says too little for a text that holds it to be a copy. */
export const canBeCopied = (question: string): boolean => question.trim().split(/\s+/).length >= 4

/**
 * The texts of a program that hold a validation question: a teacher that is shown one writes it down again. What an error-driven source
 * starts from stands in its `seeds`. Found as the critic finds rows that repeat an item.
 */
export function copiedItems({ sources }: Program, validation: readonly Item[]): string[] {
  const items = validation
    .filter(({ input }) => canBeCopied(input))
    .map(({ id, input, coreKey }) => ({ id, split: 'validation' as const, text: input, coreKey }))
  const index = indexItems(items, usualFilters.contaminationShare)
  return sources.flatMap((source, place) =>
    source.kind !== 'prompt'
      ? []
      : textsOf(source).flatMap(({ at, text }) => {
          const hit = index.check({ text })
          return hit
            ? [
                `sources[${place}].${at}: it holds the validation question ${items[hit.item]!.id}; take it out, or name it as a seed ("@${items[hit.item]!.id}") of a source with mode "error-driven"`,
              ]
            : []
        }),
  )
}
