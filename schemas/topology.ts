import { z } from 'zod'
import { BusLimits } from './bus-limits.ts'
import { EndpointOptions } from './endpoint.ts'
import { Token } from './ids.ts'
import { count, ms } from './limit.ts'
import { DeliveryChanges } from './message.ts'
import { LocalPlugin } from './plugin.ts'
import { registry } from './registry.ts'
import { type AgentRole, agentRoles } from './role.ts'
import { RunSettings } from './run-settings.ts'
import {
  GatewayLimits,
  GenerateLimits,
  LocalTeacherLimits,
  McpLimits,
  PluginLimits,
  ScalingLimits,
  StorageLimits,
  SupervisorLimits,
  TelemetryLimits,
  TrackerLimits,
} from './session-limits.ts'
import { TeacherLimits } from './teacher.ts'
import { PayingRole, Prices } from './usage.ts'
import { variantsOf } from './variants.ts'

/** How many processes of which variant of a role to run, and their limits. */
export const AgentsOfRole = z.strictObject({
  variant: z
    .string()
    .min(1)
    .max(4096)
    .describe(
      'which program of the role runs: a built-in variant, or a plug-in: `./file.ts`, `package/path`, `python:./file.py`, `external:name`',
    ),
  replicas: count(1, 'processes; 0: its agents run elsewhere, as those of `syllabus up`', 64, 0),
  slots: count(1, 'messages that one process works on at the same time', 256),
  options: z.record(z.string(), z.json()).default({}).describe('passed to the variant as it is; the variant checks it'),
  trusted: z
    .boolean()
    .optional()
    .describe('of a plug-in in TypeScript: it may read and write files and start processes, as its user may'),
  reads: z
    .array(z.string())
    .optional()
    .describe(
      'of one that is not trusted: files and folders beside its code that it may read, relative to the topology file',
    ),
  plugin: LocalPlugin.readonly().optional().describe('found out at the start from `variant`, and never written'),
})
export type AgentsOfRole = z.infer<typeof AgentsOfRole>

const workNames = Object.values(registry).flatMap((message) =>
  message.kind === 'work' ? [message.name as string] : [],
)

/** A topology file: which agents run, and how runs on them are limited. */
export const Topology = z
  .strictObject({
    name: Token.describe('what the topology is called in logs and reports'),
    agents: z
      .strictObject(
        Object.fromEntries(agentRoles.map((role) => [role, AgentsOfRole.describe(`the ${role}`)])) as Record<
          AgentRole,
          typeof AgentsOfRole
        >,
      )
      .describe('who works: one entry a role'),
    run: RunSettings.prefault({}).describe('runs on this topology, unless a command says otherwise'),
    prices: Prices.default({}).describe(
      "dollars for a million tokens by the model's name; the price of a model that is not named is not known",
    ),
    teacher: z
      .strictObject({
        concurrency: z
          .number()
          .int()
          .min(1)
          .nullable()
          .default(null)
          .describe(
            'requests under way at the same time over all generators and critics of a session, each of which gets its share; null: each has its own limit',
          ),
        checkMs: ms(10_000, 'how long an endpoint may take to say its models, before a start and in `syllabus doctor`'),
        ...TeacherLimits.shape,
      })
      .prefault({})
      .describe(
        'the patience of every generator and critic that calls a teacher and says nothing else in its own options',
      ),
    gateway: GatewayLimits.prefault({}).describe('the live page'),
    telemetry: TelemetryLimits.prefault({}).describe('metrics, probes and traces'),
    plugins: PluginLimits.prefault({}).describe('what a plug-in may take'),
    trackers: TrackerLimits.prefault({}).describe('experiment trackers: `--tracker`'),
    mcp: McpLimits.prefault({}).describe('`syllabus mcp`'),
    supervisor: SupervisorLimits.prefault({}).describe('the processes of agents'),
    scaling: ScalingLimits.prefault({}).describe('how many agents a node runs of a role that is given as a range'),
    localTeacher: LocalTeacherLimits.prefault({}).describe('the model that `--teacher local` serves on this machine'),
    generate: GenerateLimits.prefault({}).describe('`syllabus generate`'),
    bus: BusLimits.prefault({}).describe(
      'the patience of every process with the NATS server, and what that is asked to keep',
    ),
    delivery: DeliveryChanges.default({}).describe(
      "changes to the messages' delivery policies; `syllabus doctor` shows all of them",
    ),
    storage: StorageLimits.prefault({}).describe('what is kept on disk'),
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
      for (const { path, message } of error?.issues ?? [])
        context.addIssue({ code: 'custom', path: ['agents', role, 'options', ...path], message })
    }
    for (const role of agentRoles) {
      const known: readonly string[] = variantsOf[role]
      const { variant, plugin } = topology.agents[role]
      if (!plugin && !known.includes(variant)) {
        context.addIssue({
          code: 'custom',
          path: ['agents', role, 'variant'],
          message: `unknown variant "${variant}" of ${role}; there is ${known.join(', ')}`,
        })
      }
    }
  })
export type Topology = z.infer<typeof Topology>
