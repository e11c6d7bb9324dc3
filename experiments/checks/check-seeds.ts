import { evaluationItems } from '../../agents/kit/dedup/evaluation-items.ts'
import { openItems } from '../../agents/kit/dedup/near-duplicates.ts'
import { canBeCopied, textsOf } from '../../agents/planner/program/copied-items.ts'
import type { Program } from '../../schemas/program.ts'
import type { Task } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { answerIn } from '../../tasks/seed-pool.ts'

/** A seed, where it stands, and whether it may be a validation question, as those of error-driven sources are. */
type Placed = { text: string; where: string; fromValidation: boolean }

/** What is wrong with a seed, and how to fix it. */
type SeedFault = { text: string; what: string; fix: string }

/**
 * Checks the seed pool of a task and the seeds that a program lists. Items are compared by an index of keyed hashes, as rows are; no
 * text of an item is shown.
 * @throws UsageError for a seed that carries its answer, or contains an item of validation or of the sealed test
 */
export function checkSeeds(task: Task, program?: Program): void {
  const fault = seedFaults(task, program).next().value
  if (fault) throw new UsageError(fault.what, fault.fix)
}

const nameOf = { validation: 'validation split', sealed: 'sealed test', retention: 'retention set' } as const

/** The seeds that `checkSeeds` refuses. */
export function* seedFaults(task: Task, program?: Program): Generator<SeedFault, undefined> {
  const placed = [...pooled(task), ...(program ? listed(program) : [])]
  const shown = program ? shownTexts(program) : []
  if (placed.length + shown.length === 0) return
  const items = evaluationItems(task)
  const index = openItems(items)
  for (const { text, where, fromValidation } of placed) {
    const answer = answerIn(text)
    if (answer !== null) {
      const fix = 'Leave the question alone: seeds are raw questions.'
      yield { text, what: `${where} carries its answer: "${answer}".`, fix }
      continue
    }
    const split = index.check({ text })?.split
    if (!split || (split === 'validation' && fromValidation)) continue
    const what = `${where} contains a question of the ${nameOf[split]}.`
    yield { text, what, fix: 'Take it out: what is built on it would be no fair training row.' }
  }
  const telling = openItems(items.filter((item) => canBeCopied(item.text)))
  for (const { text, where } of shown) {
    const split = telling.check({ text })?.split
    if (!split) continue
    const what = `${where} holds a question of the ${nameOf[split]}.`
    yield { text, what, fix: 'Take it out: a teacher that is shown a question writes it down again.' }
  }
}

/** Every text that a program gives its teacher, or a hook, as it stands. */
const shownTexts = ({ sources }: Program): { text: string; where: string }[] =>
  sources.flatMap((source) =>
    source.kind === 'prompt'
      ? textsOf(source).map(({ at, text }) => ({ text, where: `The ${at} of source "${source.id}"` }))
      : [],
  )

const pooled = ({ seeds, seed }: Task): Placed[] =>
  seeds.map(({ text }, at) => ({ text, where: `Seed ${at + 1} of ${seed}`, fromValidation: false }))

const listed = ({ sources }: Program): Placed[] =>
  sources.flatMap((source) =>
    source.kind !== 'prompt' || source.seeds === 'pool'
      ? []
      : source.seeds.map((text, at) => ({
          text,
          where: `Seed ${at + 1} of source "${source.id}"`,
          fromValidation: source.mode === 'error-driven',
        })),
  )
