import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StrategyName } from '../../schemas/search.ts'
import { openCommands, syllabus } from '../support/command.ts'
import { writeMiniTask } from '../support/mini-task.ts'
import { standInHome, standInTopology } from '../support/stand-in-runtime.ts'

type Entry = { type: string; name?: string; at?: string; payload?: Record<string, unknown> }

/**
 * Whole runs with a stand-in runtime of known times, by strategy and number of bridges: four attempts at a time, sixteen trainings, the
 * same settings
 * and so the same trainings for each number. Wall seconds of the search (first job to the freezing of the arms) and of the run after its
 * start.
 */
export async function benchBridges(counts: readonly number[], { rowMs = 250, answerMs = 50 } = {}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-bridges-'))
  await using commands = openCommands()
  const table = []
  try {
    const task = await writeMiniTask(join(folder, 'task'), 6)
    const home = join(folder, 'home')
    for (const strategy of StrategyName.options) {
      let alone: number | null = null
      for (const bridges of counts) {
        const own = `${home}-${strategy}-${bridges}`
        const { student } = await standInHome(own, task, { rowMs, answerMs })
        const run = { strategy, parallel: 4, attempts: 16 }
        const topology = await standInTopology(join(folder, `${strategy}-${bridges}.yaml`), { bridges, student, run })
        const options = [
          '--rows',
          '24',
          '--seed',
          '3',
          '--seeds',
          '4',
          '--arms',
          'control',
          '--run-id',
          'bench',
          '--json',
        ]
        const command = commands.started(
          syllabus(['run', task, '--topology', topology, ...options], {
            SYLLABUS_HOME: own,
            SYLLABUS_RUNS: join(own, 'runs'),
          }),
        )
        if ((await command.ended) !== 0) throw new Error(command.output().slice(-3000))
        const report = JSON.parse(await readFile(join(own, 'runs/bench/report.json'), 'utf8'))
        const facts = factsOf(command.output())
        alone ??= facts.searchS
        const share = Number((facts.searchS / alone).toFixed(3))
        const row = { strategy, bridges, ...facts, share, chosen: report.run.chosenAttempt }
        console.log(JSON.stringify(row))
        table.push(row)
      }
    }
    console.table(table)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function factsOf(output: string) {
  const entries = output
    .split('\n')
    .filter((line) => line.startsWith('{"type":"message"'))
    .map((line) => JSON.parse(line) as Entry)
  const timeOf = (entry: Entry | undefined) => Date.parse(entry!.at!)
  const jobs = entries.filter(({ name }) => name === 'job')
  const ofSearch = jobs.filter(({ payload }) => String(payload?.studentModel).startsWith('attempt-'))
  const lastReport = entries.findLast(
    ({ name, payload }) => name === 'report' && (payload!.studentModel as { name: string }).name.startsWith('attempt-'),
  )
  const end = entries.find(({ name }) => name === 'run-finished')
  return {
    trainings: ofSearch.length,
    searchS: Number(((timeOf(lastReport) - timeOf(ofSearch[0])) / 1000).toFixed(1)),
    runS: Number(((timeOf(end) - timeOf(jobs[0])) / 1000).toFixed(1)),
    dataset: String(end?.payload?.datasetHash).slice(0, 12),
  }
}
