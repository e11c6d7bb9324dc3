import { statusOf } from './run-state.js'

/** Agents come one after the other at a start, and one that ended is started again: until then none is missed. */
const patienceMs = 10_000

/** What keeps agents from their work: what they report of themselves, and which agents of the run are not there. */
export function createTroubles() {
  let agents = []
  /** When each agent that is not there was first missed, by role. */
  const missedAt = new Map()

  function absent(state, now) {
    const { config } = state
    if (!config || statusOf(state) !== 'running') return []
    return Object.entries(config.variants).flatMap(([role, variant]) => {
      // A run that makes data alone trains and measures nothing.
      const isUnused = config.generate && (role === 'trainer-bridge' || role === 'evaluator')
      const queue = config.queues?.[role] ?? variant
      const isIts = (agent) => agent.role === role && (agent.queue ?? agent.variant) === queue
      if (isUnused || agents.some(isIts)) {
        missedAt.delete(role)
        return []
      }
      if (!missedAt.has(role)) missedAt.set(role, now)
      if (now - missedAt.get(role) < patienceMs) return []
      const fix = `Start one: npx syllabus agent ${role} --variant ${variant}.`
      const address = config.addresses?.[role]
      const asks =
        address === undefined
          ? ''
          : `that asks ${config.models?.[role]} ${address === 'local' ? 'served by --teacher local' : `at ${address}`} `
      return [{ who: `${role} "${variant}"`, text: `${asks}is not there: what it has to do waits.`, fix }]
    })
  }

  return {
    setPresence(there) {
      agents = there
    },
    list: (state, now) => [
      ...agents.flatMap(({ instance, troubles = [] }) => troubles.map((trouble) => ({ who: instance, ...trouble }))),
      ...absent(state, now),
    ],
  }
}
