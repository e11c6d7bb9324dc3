import { describePlugin } from '../../../schemas/plugin.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import type { PayingRole, Spent } from '../../../schemas/usage.ts'
import { asksModel, chosenIn } from '../../../schemas/variants.ts'
import type { RunFacts } from '../facts/run-facts.ts'
import type { ReportData } from '../report-data.ts'
import { spentOnDecisions, spentOnRows } from './usage.ts'

/** Says plainly who planned and who taught. */
export function modelStatements(facts: RunFacts): ReportData['models'] {
  const { config } = facts
  const decisions = facts.decisions.filter(({ payload }) => payload.attempt > 0)
  if (!config || decisions.length === 0)
    return { noLanguageModel: null, sentence: 'No decision of a planner is in the log.' }
  const { planner, generator } = config.variants
  const planned = [...new Set(decisions.flatMap(({ payload }) => payload.model ?? []))]
  const [plans, rows] = [spentOnDecisions(facts), spentOnRows(facts)]
  const taught = asksModel(chosenIn(config, 'generator')) || rows.calls > 0
  if (planned.length === 0 && !taught) {
    return {
      noLanguageModel: true,
      sentence: `No language model planned and none taught: ${deciding(config)}, and ${writing(config)}.${unseen(config)}`,
    }
  }
  const plan =
    planned.length > 0
      ? `Planned with ${planned.join(', ')}${atHosts(plans, 'planner')}`
      : `No language model planned (planner "${planner}")`
  const teachers = modelsAsked(rows, 'generator', config.models.generator)
  const teach = taught
    ? `rows were written by the generator "${generator}", which ${teachers.length > 0 ? `asked the teacher ${teachers.join(' and ')}${atHosts(rows, 'generator')}` : 'called a teacher'}`
    : `no language model taught (generator "${generator}")`
  const checked = rows.lines?.some(({ role }) => role === 'critic')
    ? `; ${modelsAsked(rows, 'critic', config.models.critic).join(' and ') || 'a model'}${atHosts(rows, 'critic')} checked them`
    : ''
  const seeds = config.setting === 'seed' ? " They may build on the task's seed pool." : ''
  const mixed = teachers.length > 1 ? ' So rows of this run come from more than one model.' : ''
  return { noLanguageModel: false, sentence: `${plan}; ${teach}${checked}.${mixed}${seeds}` }
}

const deciding = ({ variants: { planner }, plugins }: RunConfig) =>
  plugins?.planner
    ? `the planner ${describePlugin(plugins.planner)} decided`
    : `the planner "${planner}" decided by rules`

const writing = ({ variants: { generator }, plugins }: RunConfig) =>
  plugins?.generator
    ? `the generator ${describePlugin(plugins.generator)} wrote the rows`
    : `the generator "${generator}" wrote every row by a procedure of the task`

const unseen = ({ plugins }: RunConfig) => (plugins ? ' What a plug-in asks on its own is not seen here.' : '')

/** The models that a role asked, by its calls; `named`, where these do not say. Runs of older versions may have asked several. */
function modelsAsked({ lines = [] }: Spent, role: PayingRole, named: string | undefined): string[] {
  const asked = new Set(lines.flatMap((line) => (line.role === role ? [line.model] : [])))
  return asked.size > 0 ? [...asked] : [named ?? []].flat()
}

/** Where a role's model was asked, by the calls that say it. */
function atHosts({ lines = [] }: Spent, role: PayingRole): string {
  const hosts = new Set(lines.flatMap((line) => (line.role === role && line.endpoint ? line.endpoint : [])))
  return hosts.size > 0 ? ` at ${[...hosts].join(' and ')}` : ''
}

/** Whether the sealing of the test is enforced, and what it does not cover. */
export function sealingOf(facts: RunFacts): ReportData['sealing'] {
  const sealing = facts.config?.sealing
  if (!sealing) return { enforced: null, sentence: 'Whether the test was sealed is not in the log.' }
  const plain = sealing.enforced
    ? 'Sealing: the server enforces three accounts; files on this machine are not sealed from processes of the same OS user.'
    : 'Sealing: the test was not sealed by the server in this run.'
  const note = sealing.note.trim()
  return { enforced: sealing.enforced, sentence: includesNote(plain, note) ? plain : `${plain} ${note}` }
}

function includesNote(text: string, note: string): boolean {
  const letters = (value: string) => value.toLowerCase().replace(/[^a-z]/g, '')
  return letters(text).includes(letters(note))
}
