import { z } from 'zod'
import { BaselineArm } from './arm.ts'
import { Budget } from './budget.ts'
import { EndpointOptions } from './endpoint.ts'
import { Guidance } from './guidance.ts'
import { Token } from './ids.ts'
import { DeliveryChanges } from './message.ts'
import { registry } from './registry.ts'
import { type AgentRole, agentRoles } from './role.ts'
import { TeacherLimits } from './teacher.ts'
import { PayingRole, Prices } from './usage.ts'
import { variantsOf } from './variants.ts'

/** How many processes of which variant of a role to run, and their limits. */
export const AgentSpec = z.strictObject({
  variant: Token,
  replicas: z.number().int().min(1).max(64).default(1),
  /** Messages that one process works on at the same time. */
  slots: z.number().int().min(1).max(256).default(1),
  /** Passed to the variant as it is; the variant checks it. */
  options: z.record(z.string(), z.json()).default({}),
})
export type AgentSpec = z.infer<typeof AgentSpec>

const workNames = Object.values(registry).flatMap((message) =>
  message.kind === 'work' ? [message.name as string] : [],
)

/** A topology file: which agents run, and how runs on them are limited. */
export const Topology = z
  .strictObject({
    name: Token,
    agents: z.strictObject(
      Object.fromEntries(agentRoles.map((role) => [role, AgentSpec])) as Record<AgentRole, typeof AgentSpec>,
    ),
    run: z
      .strictObject({
        attempts: z.number().int().min(1).max(30).default(3),
        maxFixesInARow: z.number().int().min(1).default(3),
        candidateCap: z.number().min(1).default(3),
        maxRounds: z.number().int().min(1).default(8),
        /** Candidates that one round may ask for; left out: as many as are wanting. */
        roundCandidates: z.number().int().min(1).optional(),
        shardSize: z.number().int().min(1).default(25),
        /** Shards of a run that may be with the generators at the same time, so that runs which share them take turns; null: a whole round. */
        maxShardsInFlight: z.number().int().min(1).nullable().default(64),
        maxHours: z.number().positive().default(12),
        /** Rows of every dataset; left out: as many as the task says. */
        rows: z.number().int().min(1).optional(),
        /** What is trained and measured beside the chosen dataset; see Evidence. `arms: all`: every baseline that the task allows. */
        evidence: z
          .strictObject({
            seeds: z.number().int().min(1).max(100).default(1),
            arms: z.union([z.literal('all'), z.array(BaselineArm)]).default('all'),
            submissions: z.boolean().default(true),
            /** Whether base, final and control sit the retention paper too; see Evidence. */
            retention: z.boolean().default(true),
            /** Whether validation answers a search only with what is above chance. auto: from 500 validation items on; below, it would hide real gains. */
            guard: z.enum(['auto', ...Guidance.shape.guard.unwrap().options]).default('auto'),
          })
          .prefault({}),
        ...Budget.shape,
        plannerCalls: z.number().int().nonnegative().nullable().default(1000),
      })
      .prefault({}),
    /** Dollars for a million tokens by the model's name; the price of a model that is not named is not known. */
    prices: Prices.default({}),
    teacher: z
      .strictObject({
        /** Requests under way at the same time over all generators and critics of a session, each of which gets its share. Null: each has its own limit. */
        concurrency: z.number().int().min(1).nullable().default(null),
        /** Of every generator and critic that calls a teacher and names no other in its own options. */
        ...TeacherLimits.shape,
      })
      .prefault({}),
    gateway: z
      .strictObject({
        host: z.string().default('127.0.0.1'),
        /** 0: any free port. */
        port: z.number().int().min(0).max(65535).default(0),
        /** Messages that may wait for a slow viewer before it is dropped to a position it can resume from. */
        maxBacklog: z.number().int().min(1).default(5000),
      })
      .prefault({}),
    supervisor: z
      .strictObject({
        /** Restart delays: doubled from min to max, reset after a process has lived for max. */
        minRestartMs: z.number().int().positive().default(250),
        maxRestartMs: z.number().int().positive().default(10_000),
        /** How long a draining agent may take before it is killed. */
        drainMs: z.number().int().positive().default(15_000),
        /** The same of an agent that asks a model: the replies that are under way are paid for. */
        paidDrainMs: z.number().int().positive().default(60_000),
      })
      .prefault({}),
    /** The model that `--teacher local` serves on this machine. */
    localTeacher: z
      .strictObject({
        /** Requests answered as one batch, and sent at the same time by one generator. */
        batchRows: z.number().int().min(1).max(256).default(16),
        /** Longest reply in tokens, whatever is asked for. */
        maxNewTokens: z.number().int().positive().default(512),
        /** Characters of the situation that it is shown as a planner. */
        contextChars: z.number().int().min(2000).default(8000),
        /** Time to load the model. */
        startMs: z.number().int().positive().default(180_000),
        /** A process that says nothing for so long is killed and started again. */
        silenceMs: z.number().int().positive().default(60_000),
      })
      .prefault({}),
    /** Changes to the messages' delivery policies; `syllabus doctor` shows all of them. */
    delivery: DeliveryChanges.default({}),
    storage: z
      .strictObject({
        /** Size of the log; when it is full runs pause, nothing is dropped. */
        logMaxBytes: z
          .number()
          .int()
          .positive()
          .default(4 * 1024 ** 3),
        logMaxAgeDays: z.number().positive().default(90),
        objectsMaxBytes: z
          .number()
          .int()
          .positive()
          .default(20 * 1024 ** 3),
        /** Free disk below which nothing is started. */
        minFreeBytes: z
          .number()
          .int()
          .nonnegative()
          .default(2 * 1024 ** 3),
      })
      .prefault({}),
  })
  .superRefine((topology, context) => {
    for (const name of Object.keys(topology.delivery)) {
      if (!workNames.includes(name)) {
        const message = `unknown message "${name}"; there is ${workNames.join(', ')}`
        context.addIssue({ code: 'custom', path: ['delivery', name], message })
      }
    }
    // Said here too, so that no command shows a key that stands where a name or an address belongs.
    for (const role of PayingRole.options) {
      const { error } = EndpointOptions.safeParse(topology.agents[role].options)
      for (const { path, message } of error?.issues ?? []) {
        context.addIssue({ code: 'custom', path: ['agents', role, 'options', ...path], message })
      }
    }
    for (const role of agentRoles) {
      const known: readonly string[] = variantsOf[role]
      const { variant } = topology.agents[role]
      if (!known.includes(variant)) {
        context.addIssue({
          code: 'custom',
          path: ['agents', role, 'variant'],
          message: `unknown variant "${variant}" of ${role}; there is ${known.join(', ')}`,
        })
      }
    }
  })
export type Topology = z.infer<typeof Topology>
