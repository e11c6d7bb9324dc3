import { numberText } from '../../schemas/number-text.ts'
import { clockDuration, localTime, percentText, words } from './format.ts'
import { bestAttempt, modeOf, type RunState, scoreShare, statusOf } from './run-state.ts'
import { money, plannerCalls, teacherCalls, tokens } from './usage.ts'

/** Facts of a run under a heading, by name. */
export type Facts = { title: string; lines: readonly (readonly [name: string, value: string])[] }

/** A line of two runs beside each other; null: the run does not have it. */
export type ComparedLine = { name: string; one: string | null; other: string | null }

/** What two runs are compared by, from what their logs say. */
export function factsOf(state: RunState): Facts[] {
  const { config, usage, startedAt, lastAt } = state
  if (!config) return []
  const best = bestAttempt(state)
  const spent = money(usage, config.prices)
  return [
    {
      title: 'Run',
      lines: [
        ['status', words(statusOf(state))],
        ['started', startedAt === null ? '–' : localTime(startedAt)],
        ['lasted', clockDuration((lastAt ?? 0) - (startedAt ?? 0))],
        ['seed', String(config.seed)],
        ['attempts', `${[...state.attempts.keys()].filter((attempt) => attempt > 0).length} of ${config.attempts}`],
        ['rows of a dataset', numberText(config.rows)],
      ],
    },
    { title: 'Agents', lines: [...agentLines(config), ...Object.entries(config.models).map(modelLine)] },
    {
      title: 'Scores',
      lines: [
        ['base on validation', percentText(scoreShare(state.studentModels.get('base'), state))],
        ['best attempt on validation', best ? `${percentText(scoreShare(best[1], state))}, attempt ${best[0]}` : '–'],
        ...[...state.studentModels.values()]
          .filter(({ name, sheet }) => sheet !== null && /^attempt-\d+$/.test(name))
          .map((model) => [`${model.name} on validation`, percentText(scoreShare(model, state))] as const),
        ...testLines(state),
      ],
    },
    {
      title: 'Costs',
      lines: [
        ['teacher calls', numberText(teacherCalls(usage))],
        ['planner calls', numberText(plannerCalls(usage))],
        ['tokens', numberText(tokens(usage))],
        ['money', spent === null ? 'price unknown' : `${numberText(spent, 2)} $`],
      ],
    },
    { title: 'Yields', lines: yieldLines(state) },
  ]
}

const modelLine = ([role, model]: [string, string]): [string, string] => [`model of the ${role}`, model]

/** A plug-in with its author's version and the beginning of its code's hash. */
function agentLines({ variants, plugins }: NonNullable<RunState['config']>): [string, string][] {
  return Object.entries(variants).map(([role, variant]) => {
    const plugin = plugins?.[role as keyof typeof variants]
    return [role, plugin ? `${plugin.name} ${plugin.version}, ${plugin.hash.slice(0, 12)}` : variant]
  })
}

function testLines(state: RunState): [string, string][] {
  const results = state.finalEval?.results
  if (!Array.isArray(results)) return []
  return results
    .filter(
      ({ evalSet, studentModel }) => evalSet === 'test' && ['base', 'control', 'final'].includes(studentModel.name),
    )
    .map(({ studentModel, sheet }) => {
      const { correct, total } = sheet.overall[modeOf(state)]
      return [`${studentModel.name} on the whole test`, percentText(total > 0 ? correct / total : null)]
    })
}

function yieldLines({ attempts }: RunState): [string, string][] {
  const sums = { asked: 0, candidates: 0, admitted: 0 }
  const rejected = new Map<string, number>()
  for (const { yield: own } of attempts.values()) {
    sums.asked += own.asked
    sums.candidates += own.generated
    sums.admitted += own.admitted
    for (const [reason, count] of Object.entries(own.rejected))
      rejected.set(reason, (rejected.get(reason) ?? 0) + count)
  }
  const share = (count: number) => (sums.asked > 0 ? ` (${percentText(count / sums.asked)})` : '')
  return [
    ...Object.entries(sums).map(([name, count]): [string, string] => [name, `${numberText(count)}${share(count)}`]),
    ...[...rejected]
      .sort()
      .map(([reason, count]): [string, string] => [`refused: ${reason}`, `${numberText(count)}${share(count)}`]),
  ]
}

/** The facts of two runs beside each other: the lines of the first in order, then what the other alone has. */
export function beside(one: readonly Facts[], other: readonly Facts[]): { title: string; lines: ComparedLine[] }[] {
  const titles = [...new Set([...one, ...other].map(({ title }) => title))]
  return titles.map((title) => {
    const [left, right] = [one, other].map(
      (facts) => new Map(facts.find((each) => each.title === title)?.lines.map(([name, value]) => [name, value])),
    ) as [Map<string, string>, Map<string, string>]
    const names = [...new Set([...left.keys(), ...right.keys()])]
    return {
      title,
      lines: names.map((name) => ({ name, one: left.get(name) ?? null, other: right.get(name) ?? null })),
    }
  })
}
