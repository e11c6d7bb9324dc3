import { openAttempt, planRound } from '../attempt.ts'
import { outgoing } from '../outgoing.ts'
import { uniformProgram } from '../program/programs.ts'
import { uniformPromptProgram } from '../program/uniform-prompt.ts'
import { best, putAttempt, roundAt, type StepContext } from '../step-context.ts'

/** Asks for the rows of the uniform control (attempt 0): as many as the chosen dataset has, spread evenly, without a search. */
export async function beginControl(context: StepContext): Promise<void> {
  const { state, deps } = context
  const chosen = best(state)!
  const task = await deps.store.task(state.config.publicTask)
  const prompted = chosen.program?.sources.some(({ kind }) => kind === 'prompt')
  const program = prompted
    ? uniformPromptProgram(task, chosen.rows, chosen.program!)
    : uniformProgram(
        task.skills.map(({ name }) => name),
        chosen.rows,
        chosen.program!.filters,
      )
  const diagnosis = 'Uniform control: no search, the same number of rows spread evenly.'
  const finalEval = await openAttempt(state, { attempt: 0, operation: 'draft', diagnosis, program }, deps.store)
  const { attempt, messages } = await planRound(state, finalEval, roundAt(context))
  const isMetered = messages.length > 0
  putAttempt(
    context,
    isMetered ? attempt : { ...finalEval, outcome: 'invalid', error: 'no teacher calls are left for a control' },
  )
  context.send.push(outgoing.decided(context.state.control!, { model: null }), ...messages)
}
