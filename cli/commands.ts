import type { Command } from 'commander'
import { addExamples } from './options/examples.ts'

type Registration = {
  /** First words on the command line that the module answers to. */
  words: readonly string[]
  /** Whether it needs all commands beside it, as the one that completes them does. */
  needsAll?: true
  load: () => Promise<(program: Command) => void>
}

/** Every command in the order of the help. Each is loaded when it is asked for: loading all takes longer than most of them run. */
export const registrations: readonly Registration[] = [
  { words: ['run'], load: async () => (await import('./commands/run.ts')).registerRun },
  { words: ['compare'], load: async () => (await import('./commands/compare.ts')).registerCompare },
  { words: ['generate'], load: async () => (await import('./commands/generate.ts')).registerGenerate },
  { words: ['estimate'], load: async () => (await import('./commands/estimate.ts')).registerEstimate },
  { words: ['up'], load: async () => (await import('./commands/up.ts')).registerUp },
  { words: ['agent'], load: async () => (await import('./commands/agent.ts')).registerAgent },
  { words: ['node'], load: async () => (await import('./commands/node.ts')).registerNode },
  { words: ['status'], load: async () => (await import('./commands/status.ts')).registerStatus },
  { words: ['watch'], load: async () => (await import('./commands/watch.ts')).registerWatch },
  {
    words: ['stop', 'pause', 'finish', 'veto'],
    load: async () => (await import('./commands/control.ts')).registerOperatorCommands,
  },
  { words: ['resume'], load: async () => (await import('./commands/resume.ts')).registerResume },
  { words: ['events'], load: async () => (await import('./commands/events.ts')).registerEvents },
  { words: ['rows'], load: async () => (await import('./commands/rows.ts')).registerRows },
  { words: ['answers'], load: async () => (await import('./commands/answers.ts')).registerAnswers },
  { words: ['report'], load: async () => (await import('./commands/report.ts')).registerReport },
  { words: ['replay'], load: async () => (await import('./commands/replay.ts')).registerReplay },
  { words: ['bundle'], load: async () => (await import('./commands/bundle.ts')).registerBundle },
  { words: ['verify'], load: async () => (await import('./commands/verify.ts')).registerVerify },
  { words: ['export'], load: async () => (await import('./commands/export.ts')).registerExport },
  { words: ['trace'], load: async () => (await import('./commands/trace.ts')).registerTrace },
  { words: ['track'], load: async () => (await import('./commands/track.ts')).registerTrack },
  { words: ['try'], load: async () => (await import('./commands/try.ts')).registerTry },
  { words: ['serve'], load: async () => (await import('./commands/serve.ts')).registerServe },
  { words: ['push'], load: async () => (await import('./commands/push.ts')).registerPush },
  { words: ['mcp'], load: async () => (await import('./commands/mcp.ts')).registerMcp },
  { words: ['dead'], load: async () => (await import('./commands/dead.ts')).registerDead },
  { words: ['program'], load: async () => (await import('./commands/program.ts')).registerProgram },
  { words: ['score'], load: async () => (await import('./commands/score.ts')).registerScore },
  { words: ['task'], load: async () => (await import('./commands/task.ts')).registerTask },
  { words: ['cluster'], load: async () => (await import('./commands/cluster.ts')).registerCluster },
  {
    words: ['completion'],
    needsAll: true,
    load: async () => (await import('./commands/completion.ts')).registerCompletion,
  },
  { words: ['doctor'], load: async () => (await import('./commands/doctor.ts')).registerDoctor },
]

/** Registers the command that the first word names, or all of them, for the help, where it names none. */
export async function registerFor(word: string | undefined, program: Command): Promise<void> {
  const named = registrations.filter(({ words }) => word !== undefined && words.includes(word))
  const isAlone = named.length > 0 && !named.some(({ needsAll }) => needsAll)
  for (const { load } of isAlone ? named : registrations) (await load())(program)
  addExamples(program)
}
