import { type Block, type Blocks, code, figures, heading, paragraph, table } from '../document/document.ts'
import { missing, numberText, percent } from '../text/format.ts'
import type { Comparison } from './analyse.ts'
import type { AgentUsed, RowShown } from './made.ts'

/** The parts of a comparison that show what its arms are and what they made. */

/** What each arm has in place of the others', of a comparison of settings. */
export function settingTable({ varied, arms }: Comparison['plan']): Blocks {
  if (!varied) return null
  const names = [...new Set(Object.values(varied).flatMap(({ settings }) => Object.keys(settings)))]
  return table(
    ['Arm', ...names],
    arms.map((arm) => [arm, ...names.map((name) => varied[arm]?.settings[name] ?? missing)]),
    'What sets the arms apart',
  )
}

/** The roles that arms differ in, and all plug-ins: variant, version, hash. */
export function agentTable({ plan: { arms }, runs }: Comparison): Blocks {
  const used = arms.map((arm) => ({ arm, agents: runs.find((run) => run.arm === arm && run.agents)?.agents ?? [] }))
  const isShown = (one: AgentUsed) =>
    one.hash !== null ||
    used.some(({ agents }) => agents.some((other) => other.role === one.role && other.variant !== one.variant))
  const lines = used.flatMap(({ arm, agents }) => agents.filter(isShown).map((agent) => lineOf(arm, agent)))
  return lines.length > 0 && table(['Arm', 'Role', 'Variant', 'Version', 'Code, SHA-256'], lines, 'Agents of the arms')
}

const lineOf = (arm: string, { role, variant, version, hash, named }: AgentUsed) => [
  arm,
  role,
  { text: variant, under: [named !== '' && named] },
  version ?? 'built in',
  hash?.slice(0, 12) ?? missing,
]

/** What became of what each arm asked for, a reason a line. */
export function yieldTable({ yields }: Comparison): Blocks {
  if (yields.length === 0) return null
  const reasonsOf = (kind: 'rejected' | 'failed') => [
    ...new Set(yields.flatMap(({ yields: of }) => Object.keys(of[kind]))),
  ]
  const cells = (of: (one: (typeof yields)[number]['yields']) => number | undefined) =>
    yields.map(({ yields: one }) => {
      const count = of(one) ?? 0
      return { text: numberText(count), under: [one.asked > 0 && percent(count / one.asked)] }
    })
  return [
    heading(2, 'Yields'),
    paragraph('Over all runs of an arm: rows asked for, what was made of them, and why the others are in no dataset.'),
    figures(
      ['', ...yields.map(({ arm }) => arm)],
      [
        ['asked for', ...cells(({ asked }) => asked)],
        ['candidates', ...cells(({ generated }) => generated)],
        ['admitted', ...cells(({ admitted }) => admitted)],
        ...reasonsOf('rejected').map((reason) => [`refused: ${reason}`, ...cells(({ rejected }) => rejected[reason])]),
        ...reasonsOf('failed').map((reason) => [`no candidate: ${reason}`, ...cells(({ failed }) => failed[reason])]),
      ],
    ),
  ]
}

/** Rows of the chosen datasets of one pair side by side, a table a skill. */
export function rowTables({ plan: { arms }, runs }: Comparison): Blocks {
  const shown = arms.flatMap((arm) => {
    const run = runs.find((each) => each.arm === arm && each.rows && each.rows.length > 0)
    return run ? [{ arm, run, rows: run.rows! }] : []
  })
  if (shown.length === 0) return null
  const skills = [...new Set(shown.flatMap(({ rows }) => rows.map(({ skill }) => skill)))].sort()
  return [
    heading(2, 'Rows side by side'),
    paragraph([
      `The first rows of each skill in the datasets that the runs of pair ${shown[0]!.run.pair} chose; all of them: `,
      code(`npx syllabus rows ${shown[0]!.run.runId} --admitted`),
      '.',
    ]),
    skills.map((skill) => skillTable(skill, shown)),
  ]
}

function skillTable(skill: string, shown: readonly { arm: string; rows: readonly RowShown[] }[]): Block {
  const columns = shown.map(({ rows }) => rows.filter((row) => row.skill === skill))
  const most = Math.max(...columns.map((rows) => rows.length))
  return table(
    ['', ...shown.map(({ arm }) => arm)],
    Array.from({ length: most }, (_, at) => [
      String(at + 1),
      ...columns.map((rows) => {
        const row = rows[at]
        return row ? { text: row.input, under: [row.output] } : missing
      }),
    ]),
    skill,
  )
}
