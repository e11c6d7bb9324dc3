import type { Handlers } from '../../bus/mod.ts'

const unexpected = async () => {
  throw new Error('not expected in this test')
}

/** A planner that only minds what the test gives it. */
export function plannerHandlers(own: Partial<Handlers<'planner'>>): Handlers<'planner'> {
  return {
    'run-started': unexpected,
    'operator-command': unexpected,
    tried: unexpected,
    verdict: unexpected,
    report: unexpected,
    'final-eval-results': unexpected,
    fault: unexpected,
    ...own,
  }
}
