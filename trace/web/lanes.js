import { h } from './dom.js'

const roleOrder = ['operator', 'planner', 'generator', 'critic', 'trainer-bridge', 'evaluator', 'gateway']
const shownBy = new Set(roleOrder)

/** One lane for each agent instance that has spoken or is there, in the order of the ring. */
export function createLanes() {
  const lanes = new Map()
  let here = new Map()
  let order = []

  function add(role, instance) {
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
    laneOf: (entry) => lanes.get(entry.from.instance),
    setPresence(agents) {
      here = new Map(agents.map((agent) => [agent.instance, agent]))
      for (const { role, instance } of agents) if (role !== 'gateway') add(role, instance)
    },
    /** The names beside the lanes; a ring instead of a dot where the process is not there. */
    names() {
      return order.map(({ role, instance }) => {
        const agent = here.get(instance)
        const title = agent ? `${instance}, ${agent.variant}, process ${agent.pid}` : `${instance}, not connected now`
        return h(
          'li',
          { className: `role-${role} ${agent ? 'here' : 'gone'}`, title },
          h('i', { className: 'dot' }),
          h('span', {}, instance),
        )
      })
    },
  }
}
