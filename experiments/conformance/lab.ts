import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkMessage } from '../../schemas/message.ts'
import type { CheckedAgent, Subject, Team } from './checked-agent.ts'
import { ensure } from './finding.ts'
import type { PrivateBus } from './private-bus.ts'
import type { StubTeacher } from './stub-teacher.ts'

/** What the checks of every role share: a bus, a model that costs nothing, and one agent that works. */
export type Lab = {
  subject: Subject
  bus: PrivateBus
  teacher: StubTeacher
  /** The agent that works now; a new one where it was killed or has ended. */
  agent(): Promise<CheckedAgent>
}

/** How long an answer may take, and how long nothing more must come. */
export const [answerMs, quietMs] = [30_000, 700]

/** The queues of messages that nobody works on here. */
export const nobody = {
  planner: 'check',
  generator: 'check',
  critic: 'check',
  'trainer-bridge': 'check',
  evaluator: 'check',
}

/** Starts the first agent. @throws NotStarted */
export async function openLab(parts: Omit<Lab, 'agent'> & { team: Team }): Promise<Lab> {
  let working = await parts.team.start()
  return {
    ...parts,
    async agent() {
      if (working.isOver) working = await parts.team.start()
      return working
    },
  }
}

/** What became of a message without an answer, and the last lines of the log. */
export async function whyNothing({ bus }: Lab, runId: string): Promise<string> {
  const letter = (await bus.operator.dead.list()).find(({ message }) => message?.runId === runId)
  if (letter) return `The message became a dead letter: ${letter.reason}`
  const lines = (await bus.logged()).trim().split('\n').slice(-3).join('\n')
  return `Its function may not end, or raise each time. The last lines of its log:\n${lines}`
}

/** Waits until nothing of a message waits at the agent any more. */
export async function drained({ bus, subject }: Lab, message: WorkMessage): Promise<void> {
  const until = performance.now() + answerMs
  while ((await bus.operator.waiting(message, subject.queue)) > 0 && performance.now() < until) await sleep(50)
}

/** The reason of a run's dead letter; null where there is none in time. */
async function deadLetter({ bus }: Lab, runId: string): Promise<string | null> {
  const until = performance.now() + answerMs / 2
  while (performance.now() < until) {
    const letters = await bus.operator.dead.list()
    const found = letters.find(({ message }) => message?.runId === runId)
    if (found) return found.reason
    await sleep(100)
  }
  return null
}

/** Sends what is no message to the agent, and checks what becomes of it and of the runs that hold another bad one. */
export async function checkBadInput(
  lab: Lab,
  message: WorkMessage,
  runs: Readonly<Record<string, string>>,
): Promise<void> {
  const agent = await lab.agent()
  const { role, queue } = lab.subject
  await lab.bus.publishForeign(`run.check-foreign.${role}.${queue}.${message.name}`, '{"no": "message"}')
  for (const [runId, what] of Object.entries({ ...runs, 'check-foreign': 'that is no message' })) {
    const reason = await deadLetter(lab, runId)
    ensure(
      reason !== null,
      `a ${message.name} ${what} became no dead letter`,
      'What can never be handled is terminated with a reason (TerminalError).',
    )
    ensure(reason !== '', `the dead letter of a ${message.name} ${what} has no reason`, 'Give TerminalError a text.')
  }
  ensure(
    !agent.isOver,
    `its process ended over a bad ${message.name}`,
    'Only the message is at fault: catch the error in the handler.',
  )
}

/** Ends the agent as a session does, and starts the next one. */
export async function checkDrain(lab: Lab): Promise<void> {
  const agent = await lab.agent()
  const ended = await agent.drain()
  ensure(
    ended !== null,
    'it did not end after SIGTERM and was killed',
    'Its function must not block for longer than drainMs.',
  )
  ensure(ended.code === 0, `it ended with exit code ${ended.code} after SIGTERM`, 'See its last log lines.')
  await lab.agent()
}
