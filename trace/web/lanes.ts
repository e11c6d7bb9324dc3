import type { ShownPresence } from '../presence.ts'
import { h } from './dom.ts'
import type { Entry } from './store.ts'

const roleOrder = ['operator', 'planner', 'generator', 'critic', 'trainer-bridge', 'evaluator', 'gateway']
const shownBy = new Set(roleOrder)

export type Lane = { role: string; instance: string; index: number }
export type Lanes = ReturnType<typeof createLanes>

/** One lane for each agent instance that has spoken or is there, in the order of the ring. */
export function createLanes() {
  const lanes = new Map<string, Lane>()
  let here = new Map<string, ShownPresence>()
  let order: Lane[] = []

  function add(role: string, instance: string): void {
    if (lanes.has(instance)) return
    lanes.set(instance, { role: shownBy.has(role) ? role : 'gateway', instance, index: 0 })
    order = [...lanes.values()].sort(
      (a, b) =>
        roleOrder.indexOf(a.role) - roleOrder.indexOf(b.role) ||
        a.instance.localeCompare(b.instance, undefined, { numeric: true }),
    )
    order.forEach((lane, index) => {
      lane.index = index
    })
  }

  return {
    add,
    order: () => order,
    laneOf: (entry: Entry) => lanes.get(entry.from.instance),
    setPresence(agents: readonly ShownPresence[]): void {
      here = new Map(agents.map((agent) => [agent.instance, agent]))
      for (const { role, instance } of agents) if (role !== 'gateway') add(role, instance)
    },
    /** The names beside the lanes; a ring instead of a dot where the process is not there. */
    names() {
      return order.map(({ role, instance }) => {
        const agent = here.get(instance)
        const title = agent ? `${instance}, ${agent.variant}, process ${agent.pid}` : `${instance}, not connected now`
        return h('li', { className: `role-${role} ${agent ? 'here' : 'gone'}`, title }, h('i.dot'), h('span', instance))
      })
    },
  }
}
