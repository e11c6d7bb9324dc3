import { alike, isScored, type Move, meanScore, type Strategy, type TriedAttempt } from './strategy.ts'

type Node = { attempt: number | null; children: Node[]; visits: number; sum: number; scored: number }

/**
 * UCT over programs (Kocsis and Szepesvári, 2006): an attempt's children are those planned from it. The search goes down from the root,
 * at each attempt to the child with the highest mean score of what lies below it plus
 * `exploration` x sqrt(ln(visits) / visits of the child).
 * Re-visits: a program may be planned from again and again, so an attempt is never complete; it gets a further child while it has fewer
 * than visits^`revisit` (progressive widening; Coulom, 2007). What is planned in the same generation counts as a visit without a score.
 */
export const tree: Strategy = (history, standing) => {
  const { exploration, revisit } = standing.tree
  const root = treeOf(history)
  return alike({ from: null, share: 1 }, standing).map((move): Move => {
    const path = [root]
    for (;;) {
      const node = path.at(-1)!
      const open = node.children.filter(({ scored }) => scored > 0)
      if (open.length === 0 || node.children.length < (node.visits + 1) ** revisit) break
      const bound = ({ sum, scored, visits }: Node) =>
        sum / scored + exploration * Math.sqrt(Math.log(Math.max(1, node.visits)) / visits)
      path.push(open.reduce((best, child) => (bound(child) > bound(best) ? child : best)))
    }
    const from = path.at(-1)!
    from.children.push({ attempt: null, children: [], visits: 1, sum: 0, scored: 0 })
    for (const node of path) node.visits += 1
    return { ...move, from: from.attempt }
  })
}

/** The scored attempts below those that they were planned from. One without a score is a visit of its start, and no start of others. */
function treeOf(history: readonly TriedAttempt[]): Node {
  const root: Node = { attempt: null, children: [], visits: 0, sum: 0, scored: 0 }
  const nodes = new Map<number, { node: Node; path: Node[] }>()
  for (const tried of history) {
    const { node: above, path } = (tried.from !== null && nodes.get(tried.from)) || { node: root, path: [] as Node[] }
    const node: Node = { attempt: tried.attempt, children: [], visits: 0, sum: 0, scored: 0 }
    const whole = [...path, above]
    if (isScored(tried)) nodes.set(tried.attempt, { node, path: whole })
    above.children.push(node)
    for (const each of [...whole, node]) {
      each.visits += 1
      if (!isScored(tried)) continue
      each.sum += meanScore(tried)
      each.scored += 1
    }
  }
  return root
}
